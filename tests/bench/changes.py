"""How long after a command has returned the gateway's answers change.

Each change is made through the registry's JSON API, and the gateway is asked from the moment the registry has answered until
its answer is another one. Each round takes a server of its own.
"""
import http.client
import http.server
import json
import random
import statistics
import subprocess
import threading
import time
import urllib.parse

MODERN = "2026-07-28"
PATIENCE_S = 10


class Portolan:
    """The registry's JSON API and the gateway, over one connection each."""

    def __init__(self, registry, gateway, token, bin_dir, grpc, data):
        self.registry = http.client.HTTPConnection(urllib.parse.urlparse(registry).netloc, timeout=60)
        self.gateway = http.client.HTTPConnection(urllib.parse.urlparse(gateway).netloc, timeout=60)
        self.token = token
        self.command = [f"{bin_dir}/portolan", "--registry", grpc, "--data", data]

    def ask(self, method, **request):
        self.registry.request("POST", f"/api/portolan.v1.{method}", json.dumps(request),
                              {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"})
        answer = self.registry.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise RuntimeError(f"{method}: {answer.status} {text}")
        return json.loads(text)

    def put(self, name, **spec):
        """Writes these fields of the server, and leaves the others."""
        resource = self.ask("CatalogService/Get", kind="Server", name=name)["resource"]
        resource["server"].update(spec)
        self.ask("CatalogService/Put", resource=resource)

    def call(self, path, tool, key=None):
        """Status, error code and headers of a tool call."""
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": tool, "arguments": {}, "_meta": {"io.modelcontextprotocol/protocolVersion": MODERN,
                                                     "io.modelcontextprotocol/clientCapabilities": {}}}}
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
                   "MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": tool}
        if key:
            headers["X-Api-Key"] = key
        self.gateway.request("POST", f"/{path}/mcp", json.dumps(body), headers)
        answer = self.gateway.getresponse()
        text = answer.read().decode()
        error = json.loads(text).get("error", {}) if text.startswith("{") else {}
        return answer.status, error.get("code"), answer.headers

    def until(self, path, tool, wanted, key=None):
        """Milliseconds from now until the answer is as wanted."""
        began = time.monotonic()
        while True:
            answer = self.call(path, tool, key)
            took = time.monotonic() - began
            if wanted(*answer):
                return took * 1000
            if took > PATIENCE_S:
                raise RuntimeError(f"{path}: after {PATIENCE_S} s still {answer[:2]}")
            time.sleep(0.001)


def served(status, code, _):
    return status == 200 and code is None


def held(_, code, __):
    return code == -31409


class DriftingServer:
    """An MCP server of 2026-07-28 whose tool says something else when it is told to."""

    def __init__(self):
        drifting = self
        self.word = "first"

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = json.dumps({"jsonrpc": "2.0", "id": request.get("id"), **drifting.answer(request["method"])}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def do_GET(self):
                self.send_response(405)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, method):
        if method == "server/discover":
            return {"result": {"resultType": "complete", "supportedVersions": [MODERN], "capabilities": {"tools": {}},
                               "serverInfo": {"name": "drifting", "version": "1"}}}
        if method == "tools/list":
            tool = {"name": "t", "description": self.word, "inputSchema": {"type": "object"}}
            return {"result": {"resultType": "complete", "tools": [tool], "ttlMs": 0, "cacheScope": "private"}}
        if method == "tools/call":
            return {"result": {"resultType": "complete", "content": [{"type": "text", "text": self.word}]}}
        return {"error": {"code": -32601, "message": "Method not found"}}


class Changes:
    def __init__(self, portolan, origin, servers):
        self.portolan = portolan
        self.names = [f"local/s{i}" for i in range(servers)]
        endpoint = {"streamableHttp": {"url": f"http://127.0.0.1:{origin}/mcp"}}
        for at in range(0, servers, 200):
            portolan.ask("CatalogService/Apply", resources=[
                {"kind": "Server", "name": name, "spec": {"basePath": name[6:], "endpoint": endpoint}}
                for name in self.names[at:at + 200]])
        for name in self.names:
            portolan.until(name[6:], "text_300", served)
        self.drifting = DriftingServer()
        url = f"http://127.0.0.1:{self.drifting.http.server_address[1]}/mcp"
        portolan.ask("CatalogService/Apply", resources=[{
            "kind": "Server", "name": "local/drifting", "spec": {
                "basePath": "drifting", "onDefinitionChange": "WARN", "endpoint": {"streamableHttp": {"url": url}}}}])
        self.list_drifting()

    def list_drifting(self):
        subprocess.run([*self.portolan.command, "doctor", "drifting"], check=True, capture_output=True, timeout=60)

    # Each yields what it is called and, as soon as the command has returned, the milliseconds until it holds.

    def review(self, name, path):
        until = self.portolan.until
        self.portolan.ask("CatalogService/Review", server=name, decision="REJECT", reason="bench")
        yield "reject", until(path, "text_300", held)
        self.portolan.ask("CatalogService/Review", server=name, decision="APPROVE")
        yield "approve", until(path, "text_300", served)

    def lifecycle(self, name, path):
        until = self.portolan.until
        self.portolan.ask("CatalogService/ChangeLifecycle", server=name, stage="DEPRECATED", sunset="2030-01-01")
        yield "deprecate", until(path, "text_300", lambda _, __, headers: "Deprecation" in headers)
        self.portolan.ask("CatalogService/ChangeLifecycle", server=name, stage="RETIRED")
        yield "retire", until(path, "text_300", lambda status, _, __: status == 410)
        self.portolan.ask("CatalogService/ChangeLifecycle", server=name, stage="PRODUCTION")
        yield "bring back", until(path, "text_300", served)

    def visibility(self, name, path):
        key = self.portolan.ask("AccessService/CreateKey", consumer=f"bench-{path}")
        until = lambda wanted: self.portolan.until(path, "text_300", wanted, key["key"])
        until(served)
        self.portolan.put(name, visibility={"audiences": ["consumer:nobody"]})
        yield "hide", until(lambda status, _, __: status == 404)
        request = self.ask_as(key["key"], path)
        self.portolan.ask("AccessService/DecideAccess", request=request, decision="GRANTED")
        yield "grant access", until(served)
        self.portolan.put(name, visibility={})
        self.portolan.ask("AccessService/RevokeKey", id=key["id"])
        yield "revoke key", until(lambda status, _, __: status == 401)

    def ask_as(self, key, server):
        own, self.portolan.token = self.portolan.token, key
        try:
            return self.portolan.ask("AccessService/RequestAccess", server=server, reason="bench")["request"]
        finally:
            self.portolan.token = own

    def hold(self, _, __):
        self.portolan.put("local/drifting", onDefinitionChange="WARN")
        self.drifting.word = f"changed {random.random()}"
        self.list_drifting()
        self.portolan.until("drifting", "t", served)
        self.portolan.put("local/drifting", onDefinitionChange="HOLD")
        yield "hold", self.portolan.until("drifting", "t", held)
        item = self.portolan.ask("CatalogService/GetDrift", server="drifting")["items"][0]
        choice = {"kind": item["kind"], "name": item["name"], "hash": item["offered"]["hash"]}
        self.portolan.ask("CatalogService/DecideDrift", server="drifting", decision="ACCEPT", choices=[choice])
        yield "accept", self.portolan.until("drifting", "t", served)

    def remove(self, name, path):
        self.portolan.ask("CatalogService/Delete", kind="Server", name=name)
        self.names.remove(name)
        yield "remove", self.portolan.until(path, "text_300", lambda status, _, __: status == 404)

    def round(self):
        for change in (self.review, self.lifecycle, self.visibility, self.hold, self.remove):
            name = random.choice(self.names)
            yield from change(name, name[6:])


def measure(portolan, origin, servers, rounds):
    all_of = Changes(portolan, origin, servers)
    times = {}
    for _ in range(rounds):
        for change, milliseconds in all_of.round():
            times.setdefault(change, []).append(milliseconds)
    return [{"change": change, "rounds": len(of), "median_ms": statistics.median(of),
             "p90_ms": statistics.quantiles(of, n=10)[-1] if len(of) > 1 else of[0], "max_ms": max(of)}
            for change, of in times.items()]
