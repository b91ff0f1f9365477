"""A program for the official SDK of the Model Context Protocol, in an environment of its own: it takes steps, and prints
what `apispy mcp` answers.

    python mcp_client.py STEPS COMMAND ...

STEPS is a JSON list: {"tool": NAME, "arguments": {...}} calls a tool, {"run": [WORD, ...]} runs another program in
between. COMMAND is the server. The output is a JSON object: what the server said of itself, and the answers.
"""

import asyncio
import json
import subprocess
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main(steps, command):
    server = StdioServerParameters(command=command[0], args=command[1:])
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        begun = (await session.initialize()).model_dump(mode="json", by_alias=True)
        tools = (await session.list_tools()).model_dump(mode="json", by_alias=True)["tools"]
        answers = []
        for step in steps:
            if "run" in step:
                done = await asyncio.to_thread(
                    subprocess.run, step["run"], capture_output=True, text=True, timeout=60
                )
                answers.append({"code": done.returncode, "out": done.stdout + done.stderr})
                continue
            try:
                answer = await session.call_tool(step["tool"], step["arguments"])
                answers.append(
                    {"failed": answer.model_dump(by_alias=True)["isError"], "text": answer.content[0].text}
                )
            except Exception as error:
                answers.append({"error": str(error)})
        await session.send_ping()
    print(json.dumps({"begun": begun, "tools": tools, "answers": answers}))


asyncio.run(main(json.loads(sys.argv[1]), sys.argv[2:]))
