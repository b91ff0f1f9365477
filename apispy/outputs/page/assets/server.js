// Questions to the server that the page comes from, if it is served. It only reads, and so does the page.

/** Ask for JSON. Throws Error with a sentence if there is no answer. */
async function askServer(path) {
  let response;
  try {
    response = await fetch(path, { redirect: "error" });
  } catch {
    throw new Error("apispy does not answer any more.");
  }
  if (!response.ok) throw new Error((await response.text()).trim());
  return response.json();
}
