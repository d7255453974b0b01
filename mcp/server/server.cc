#include "mcp/server/server.h"

#include "mcp/message.h"
#include "mcp/requests.h"
#include "mcp/revision.h"
#include "mcp/server/served_call.h"

namespace mcp {

Server::Server(ServerOptions options, std::vector<Feature*> features)
    : options_(std::move(options)), features_(std::move(features)) {}

std::string Server::Discover(const ServedCall& call) const {
  std::string versions;
  for (const Revision revision : SupportedRevisions()) {
    if (!versions.empty()) versions += ',';
    versions += Quote(ToString(revision));
  }
  ObjectWriter capabilities;
  for (const Feature* feature : features_) feature->Declare(capabilities);
  ObjectWriter info;
  info.Text("name", options_.name).TextUnlessEmpty("title", options_.title);
  info.Text("version", options_.version);
  ObjectWriter meta;
  meta.Raw("io.modelcontextprotocol/serverInfo", std::move(info).Take());
  ObjectWriter out;
  out.Raw("supportedVersions", "[" + versions + "]");
  out.Raw("capabilities", std::move(capabilities).Take());
  out.TextUnlessEmpty("instructions", options_.instructions);
  Complete(out, call, options_.freshness);
  out.Raw("_meta", std::move(meta).Take());
  return std::move(out).Take();
}

base::Task<Reply> Server::Serve(ServedCall& served) {
  const Call& call = served.call();
  for (Feature* feature : features_) {
    if (!feature->Serves(call.method)) continue;
    const std::optional<CallError> tampered = served.TakeAnswers();
    if (tampered) co_return *tampered;
    co_return co_await feature->Serve(served);
  }
  if (call.method == kDiscoverMethod) co_return Discover(served);
  if (call.method == "ping" && !IsModern(call.revision)) co_return std::string("{}");
  CallError unknown;
  unknown.code = kMethodNotFound;
  unknown.message = "Method not found: " + std::string(call.method);
  co_return unknown;
}

base::Task<Response> Server::Handle(Call& call) {
  if (!call.is_request()) co_return Response::Accepted();
  ServedCall served(call, state_);
  const Reply answer = co_await Serve(served);
  if (served.given_up()) co_return Response::Gone();
  if (!answer)
    co_return Response::Message(ErrorMessage(call.id(), answer.error(), call.record.request_id));
  std::string out;
  out.reserve(answer->size() + call.id().size() + 40);
  out += R"({"jsonrpc":"2.0","id":)";
  out += call.id();
  out += ",\"result\":";
  out += *answer;
  out += '}';
  co_return Response::Message(std::move(out));
}

}  // namespace mcp
