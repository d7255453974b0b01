#include "registry/service/http_face.h"

#include "base/http/locality.h"
#include "base/json.h"
#include "mcp/http_endpoint.h"
#include "registry/service/connect_messages.h"
#include "registry/service/prepared.h"
#include "registry/service/proven_stream.h"
#include "registry/service/registry_path.h"

namespace registry {
namespace {

using base::http::Exchange;
using base::http::Field;

constexpr std::size_t kMaxSessionBody = 4096;
constexpr std::string_view kCookie = "portolan_session";
constexpr std::string_view kRegistryApi = "registry_api";

bool IsLocal(const Exchange& exchange) {
  const auto& fields = exchange.head().fields;
  for (const Field& field : fields.all()) {
    if (base::http::TellsOfForwarding(field.name)) return false;
  }
  return base::http::IsLoopbackAddress(exchange.peer_address()) &&
         base::http::IsLoopbackHost(fields.Find("Host").value_or(""));
}

// Of `a=1; portolan_session=...`.
std::string_view SessionCookie(std::string_view cookies) {
  while (!cookies.empty()) {
    const std::size_t end = cookies.find(';');
    std::string_view one = cookies.substr(0, end);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with(kCookie) && one.size() > kCookie.size() && one[kCookie.size()] == '=') {
      return one.substr(kCookie.size() + 1);
    }
    cookies = end == std::string_view::npos ? std::string_view() : cookies.substr(end + 1);
  }
  return {};
}

Proof ProofOf(const Exchange& exchange, std::string_view face, AnonymousRead anonymous_read) {
  const auto& fields = exchange.head().fields;
  Proof proof;
  proof.authorization = fields.Find("Authorization").value_or("");
  proof.api_key = fields.Find("X-Api-Key").value_or("");
  proof.session = SessionCookie(fields.Find("Cookie").value_or(""));
  proof.local = MayReadAnonymously(anonymous_read, IsLocal(exchange));
  proof.address = exchange.peer_address();
  proof.face = face;
  return proof;
}

bool IsBelow(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

base::Task<void> RespondText(Exchange& exchange, int status, std::string text) {
  const Field fields[] = {{"Content-Type", "text/plain; charset=utf-8"},
                          {"Cache-Control", "no-store"}};
  const std::string_view body = text;
  (void)co_await exchange.Respond(status, fields, body);
}

}  // namespace

base::Task<void> HttpFace::Serve(Exchange& exchange) {
  const std::string_view path = exchange.head().path;
  // What a load balancer asks, by address.
  if (path == "/healthz") {
    co_await RespondText(exchange, 200, "ok\n");
    co_return;
  }
  if (path == "/readyz") {
    co_await RespondText(exchange, draining_ ? 503 : 200, draining_ ? "draining\n" : "ok\n");
    co_return;
  }
  const auto& fields = exchange.head().fields;
  if (!parts_.origins.IsOurHost(fields.Find("Host").value_or(""))) {
    base::Error error = base::Fail(base::Code::kPermissionDenied,
                                   "this Host is not served here; --public-url says which one is");
    co_await RespondError(exchange, error);
    co_return;
  }
  // Open to pages of every site: no cookie counts there.
  if (const auto registry_path = RegistryPath::Read(path)) {
    const std::string_view capability = registry_path->capability;
    co_await ServeRegistryApi(exchange, capability);
    co_return;
  }
  if (!parts_.origins.IsOurOrigin(fields.Find("Origin"))) {
    base::Error error =
        base::Fail(base::Code::kPermissionDenied, "pages of this Origin may not use the registry");
    co_await RespondError(exchange, error);
    co_return;
  }
  if (path == "/metrics") {
    co_await RespondText(exchange, 200, parts_.metrics());
  } else if (path == "/api/session") {
    co_await ServeSession(exchange);
  } else if (IsBelow(path, "/api")) {
    co_await ServeApi(exchange, path.size() > 5 ? path.substr(5) : std::string_view());
  } else if (IsBelow(path, "/mcp")) {
    co_await ServeMcp(exchange);
  } else {
    co_await parts_.portal.Serve(exchange);
  }
}

base::Task<base::Result<Caller>> HttpFace::Identify(const Proof& proof) {
  const auto identify = [&] { return parts_.authenticator.Identify(proof); };
  // Without a proof nothing is looked up.
  if (proof.authorization.empty() && proof.api_key.empty() && proof.session.empty())
    co_return identify();
  Prepared prepared(parts_.authenticator, parts_.loop, proof);
  co_await prepared;
  OnPool identifying(parts_.pool, parts_.loop, identify);
  co_return co_await identifying;
}

base::Task<void> HttpFace::ServeApi(Exchange& exchange, std::string_view method) {
  const Proof proof = ProofOf(exchange, "api", parts_.anonymous_read);
  base::Result<Caller> caller = co_await Identify(proof);
  if (caller.has_error()) {
    co_await RespondError(exchange, caller.error());
    co_return;
  }
  caller->still = StillProven(parts_.authenticator, proof, *caller);
  co_await parts_.api.Serve(exchange, method, *caller);
}

base::Task<void> HttpFace::ServeSession(Exchange& exchange) {
  const std::string secure = parts_.https ? "; Secure" : "";
  const std::string attributes = "; Path=/; HttpOnly; SameSite=Strict" + secure;
  if (exchange.head().method == "DELETE") {
    const std::string cookie = std::string(kCookie) + "=; Max-Age=0" + attributes;
    const Field fields[] = {{"Set-Cookie", cookie}};
    const std::string_view nothing;
    (void)co_await exchange.Respond(204, fields, nothing);
    co_return;
  }
  if (exchange.head().method != "POST") {
    const Field fields[] = {{"Allow", "POST, DELETE"}};
    const std::string_view nothing;
    (void)co_await exchange.Respond(405, fields, nothing);
    co_return;
  }
  const auto body = co_await exchange.ReadBody(kMaxSessionBody);
  if (body.has_error()) {
    co_await RespondError(exchange, body.error());
    co_return;
  }
  const auto json = base::ParseJson(*body);
  const bool has_token = json.has_value() && json->is_object() && json->contains("token") &&
                         (*json)["token"].is_string();
  base::Result<std::string> session =
      base::Fail(base::Code::kInvalidArgument, "/token: is missing");
  if (has_token)
    session = parts_.authenticator.TradeLinkToken((*json)["token"].get_ref<const std::string&>());
  if (session.has_error()) {
    co_await RespondError(exchange, session.error());
    co_return;
  }
  const std::string cookie = std::string(kCookie) + "=" + *session +
                             "; Max-Age=" + std::to_string(Authenticator::kSessionMs / 1000) +
                             attributes;
  const Field fields[] = {
      {"Set-Cookie", cookie}, {"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  const std::string_view answer = R"({"principal":"token/admin"})";
  (void)co_await exchange.Respond(200, fields, answer);
}

base::Task<void> HttpFace::ServeMcp(Exchange& exchange) {
  const Proof proof = ProofOf(exchange, "mcp", parts_.anonymous_read);
  base::Result<Caller> caller = co_await Identify(proof);
  if (caller.has_value()) {
    if (const auto ok = CheckAccess(*caller, Access::kReader); ok.has_error()) caller = ok.error();
  }
  if (caller.has_error()) {
    const std::string body = ErrorJson(caller.error());
    const Field fields[] = {{"Content-Type", "application/json"}, {"WWW-Authenticate", "Bearer"}};
    const std::string_view bytes = body;
    (void)co_await exchange.Respond(401, fields, bytes);
    co_return;
  }
  mcp::Record record;
  mcp::EndpointOptions options;
  options.sessions = &parts_.discovery_sessions;
  options.ending = &ending_;
  co_await mcp::ServeHttp(exchange, parts_.loop, caller->principal, record, parts_.discovery,
                          options);
}

base::Task<void> HttpFace::ServeRegistryApi(Exchange& exchange, std::string_view capability) {
  if (!capability.empty()) {
    const auto identify = [&] {
      return parts_.authenticator.IdentifyCapability(capability, exchange.peer_address(),
                                                     kRegistryApi);
    };
    OnPool identifying(parts_.pool, parts_.loop, identify);
    base::Result<Caller> caller = co_await identifying;
    co_await parts_.registry_api(exchange, std::move(caller));
    co_return;
  }
  Proof proof = ProofOf(exchange, kRegistryApi, parts_.anonymous_read);
  proof.session = {};
  base::Result<Caller> caller = co_await Identify(proof);
  co_await parts_.registry_api(exchange, std::move(caller));
}

}  // namespace registry
