"""Examples of flags of docker commands, recorded to compare what ``apispy explain`` says of them. Data only."""

CREATE = """
--add-host a:1.2.3.4 --add-host b:host-gateway | --annotation a=b | --blkio-weight 100 | --blkio-weight-device /dev/sda:200
--cap-add NET_ADMIN --cap-add SYS_TIME | --cap-drop ALL | --cgroup-parent /x | --cgroupns private | --cpu-period 1000
--cpu-quota 2000 | --cpu-rt-period 1000 | --cpu-rt-runtime 900 | --cpu-shares 512 | -c 256 | --cpus 1.5 | --cpuset-cpus 0-1
--cpuset-mems 0 | --device /dev/null | --device /dev/null:/dev/x:rw | --device /dev/zero:r
--device-cgroup-rule 'c 1:3 rw' | --device-read-bps /dev/sda:1mb | --device-read-iops /dev/sda:100
--device-write-bps /dev/sda:2k | --device-write-iops /dev/sda:50 | --dns 1.1.1.1 | --dns-option ndots:2
--dns-search example.com | --domainname example.com | --entrypoint sh | -e A=b --env C=d | --expose 80 --expose 53/udp
--expose 7000-7002 | --gpus all | --gpus 2 | --gpus device=0 | --gpus '"device=0,1"' | --gpus driver=nvidia,count=1
--group-add 10 | --health-cmd 'curl -f http://localhost' | --health-interval 30s | --health-retries 3
--health-start-interval 500ms | --health-start-period 1m30s | --health-timeout 10s | --hostname web | -h web | --init
-i | --interactive | --ipc host | -l a=b --label c | --link CONTAINER:db | --log-driver none
--log-opt max-size=10m | --memory 64m | -m 1.5g | --memory-reservation 32m | --memory-swap -1 | --memory-swap 128m -m 64m
--memory-swappiness 10 | --mount type=bind,source=/a,target=/b,readonly | --mount source=VOLUME,dst=/b
--mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1777 | --mount type=volume,dst=/d,volume-nocopy | --name NAME
--mount type=bind,src=/a,dst=/b,bind-propagation=rslave | --mount type=volume,src=VOLUME,dst=/d,volume-subpath=x
--network host | --network name=NETWORK | --no-healthcheck | --oom-kill-disable | --oom-score-adj 100 | --pid host
--pids-limit 100 | --platform linux/arm64 | --privileged | -p 80 | -p 80:80 | -p 127.0.0.1:8080:80/udp | -p 127.0.0.1::80
-p 8000-8001:80-81 | -p 8000-8002:80 -p 53:53/udp | -p [::1]:80:80 | -P | --read-only | --restart on-failure:3 | --restart always
--rm | --runtime runc | --security-opt no-new-privileges | --shm-size 1g | --stop-signal INT | --stop-timeout 5
--storage-opt size=1G | --sysctl net.ipv4.ip_forward=1 | --tmpfs /run:size=1m | --tmpfs /run | -t | --tty=false
--ulimit nofile=1024:2048 --ulimit core=0 | -u 1000:1000 | --userns host | --uts host | -v /a:/b:ro | -v VOLUME:/b
-v /data | --volume /a:/b -v /c | --volume-driver local | --volumes-from CONTAINER:ro | -w /tmp | --isolation default
"""
EXEC = "-e A=b | -i | -t | -u 1 | -w /tmp | --privileged | --detach-keys ctrl-a"
LIMITS = """
--blkio-weight 100 | --cpu-period 1000 | --cpu-quota 2000 | --cpu-shares 512 | --cpus 0.5 | --cpuset-cpus 0 | --cpuset-mems 0
--memory 64m --memory-swap -1 | --memory-reservation 32m | --pids-limit 100 | --restart on-failure:2 | --cpu-rt-period 1000
--cpu-rt-runtime 900
"""
SERVICE = """
--cap-add NET_ADMIN | --cap-drop ALL | --constraint node.role==manager | --container-label a=b | --endpoint-mode dnsrr
-e A=b | --group 10 | --health-cmd 'true x' | --host a:1.2.3.4 | --hostname web | --init | -l a=b | --limit-cpu 0.5
--limit-memory 64m | --limit-pids 10 | --log-driver none | --mount type=tmpfs,dst=/t | --network host
--placement-pref spread=node.labels.zone | -p 80:80 | --publish published=8080,target=80,mode=host
-p 53:53/udp | --read-only | --replicas 3 | --replicas-max-per-node 1 | --reserve-cpu 0.1 | --reserve-memory 8m
--restart-condition on-failure | --restart-delay 5s | --restart-max-attempts 3 | --restart-window 1m | --rollback-delay 5s
--rollback-parallelism 2 | --stop-grace-period 10s | --stop-signal INT | --sysctl net.a=1 | -t | --ulimit nofile=10:20
--update-delay 10s | --update-failure-action pause | --update-order start-first | --update-parallelism 2 | -u 1 | -w /tmp
"""

EXAMPLES: tuple[tuple[str, str, str], ...] = (
    ("docker create", CREATE, "IMAGE true"),
    (
        "docker run",
        "-d | -i | --sig-proxy=false | --pull missing | -q | --cidfile cid | --detach-keys ctrl-a | -a stdout"
        " | --disable-content-trust",
        "IMAGE true",
    ),
    ("docker exec", EXEC, "CONTAINER true"),
    ("docker update", LIMITS, "CONTAINER"),
    ("docker ps", "-a | -n 3 | -l | -s | --filter status=exited -f status=dead -f label=a=b", ""),
    (
        "docker logs",
        "--details | -t | -n 5 | -f | --since 2020-01-01T00:00:00Z | --until 1577836800",
        "CONTAINER",
    ),
    ("docker rm", "-f | -v | -f -v", "NAME"),
    ("docker rm", "-l", "NAME/a"),
    ("docker stop", "-t 1 | -s INT", "NAME"),
    ("docker restart", "-t 1 | -s INT", "NAME"),
    ("docker kill", "-s HUP", "NAME"),
    ("docker start", "--checkpoint x --checkpoint-dir /y", "CONTAINER"),
    ("docker commit", "-a me -m text -c 'ENV A=b' -c 'USER 1'", "CONTAINER NAME"),
    ("docker images", "-a | -f dangling=true", ""),
    ("docker rmi", "-f | --no-prune", "NAME"),
    ("docker push", "--platform linux/amd64", "REMOTE"),
    ("docker pull", "--platform linux/amd64", "REMOTE"),
    ("docker save", "--platform linux/amd64 -o FILE", "IMAGE"),
    ("docker import", "-m text -c 'ENV A=b' --platform linux/amd64", "FILE NAME"),
    ("docker events", "--since 1 --until 2 -f type=image", ""),
    ("docker search", "--limit 5 -f stars=3", "NAME"),
    ("docker container prune", "-f --filter until=1h", ""),
    ("docker network ls", "-f driver=host", ""),
    ("docker network prune", "-f --filter until=1h", ""),
    (
        "docker network create",
        "--attachable | --internal | -d macvlan | --ipv6 | --ipv4=false | --label a=b | -o x=y | --subnet 10.9.0.0/16"
        " | --config-only | --config-from NAME | --ingress | --ipam-driver x | --ipam-opt a=b | --scope swarm",
        "NAME",
    ),
    (
        "docker network connect",
        "--alias db | --driver-opt a=b | --gw-priority 5 | --ip 10.9.0.3 | --ip6 fd00::3 | --link CONTAINER:x"
        " | --link-local-ip 169.254.1.1",
        "NETWORK CONTAINER",
    ),
    ("docker network disconnect", "-f", "NETWORK CONTAINER"),
    ("docker volume create", "-d none | --label a=b | -o type=tmpfs -o device=tmpfs", "NAME"),
    ("docker volume ls", "-f dangling=true", ""),
    ("docker volume prune", "-f --filter label=a", ""),
    ("docker volume rm", "-f", "NAME"),
    ("docker service create", SERVICE, "--detach --no-resolve-image --name SERVICE REMOTE true"),
    ("docker service create", "--name SERVICE --no-resolve-image", "--detach REMOTE true"),
    ("docker service ls", "-f name=a", ""),
    ("docker service logs", "--details | -t | -n 5 | -f | --since 2020-01-01T00:00:00Z", "SERVICE"),
    ("docker node ls", "-f role=manager", ""),
    ("docker secret create", "--label a=b | --template-driver golang", "SECRET stack.yaml"),
    ("docker config create", "--label a=b | --template-driver golang", "CONFIG stack.yaml"),
    ("docker secret ls", "-f name=a", ""),
    ("docker config ls", "-f name=a", ""),
    ("docker plugin ls", "-f enabled=true", ""),
    ("docker plugin rm", "-f", "NAME"),
    ("docker plugin disable", "-f", "NAME"),
    ("docker plugin enable", "--timeout 5", "NAME"),
    (
        "docker swarm init",
        "--advertise-addr 127.0.0.1 | --autolock | --availability drain | --data-path-addr 127.0.0.1"
        " | --data-path-port 7777 | --default-addr-pool 10.20.0.0/16 --default-addr-pool-mask-length 26"
        " | --listen-addr 127.0.0.1:23777 | --task-history-limit 3",
        "",
    ),
    ("docker swarm leave", "-f", ""),
    ("docker checkpoint create", "--checkpoint-dir /x | --leave-running", "CONTAINER NAME"),
)
"""Command, examples of flags separated by "|" or lines, and the arguments."""


def lines() -> list[tuple[str, str, str]]:
    """Return command, flags and arguments of each example, the first of each command without flags."""
    found = []
    for command, examples, arguments in EXAMPLES:
        if command != "docker events":  # which does not end
            found.append((command, "", arguments))
        parts = examples.strip().replace("\n", "|").split("|")
        found += [(command, part.strip(), arguments) for part in parts]
    return found
