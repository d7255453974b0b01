#include "mcp/legacy/handshake.h"

#include "mcp/raw_json.h"

namespace mcp::legacy {
namespace {

constexpr std::string_view kServerInfoKey = "io.modelcontextprotocol/serverInfo";

std::string VersionList() {
  std::string out = "[";
  for (const Revision revision : SupportedRevisions()) {
    if (out.size() > 1) out += ',';
    out += Quote(ToString(revision));
  }
  return out + "]";
}

}  // namespace

std::string InitializeRequest(std::string_view raw_id, const Identity& identity, Revision offer) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out += raw_id;
  out += R"(,"method":"initialize","params":{"protocolVersion":)";
  out += Quote(ToString(offer));
  out += ",\"capabilities\":" + identity.capabilities + ",\"clientInfo\":" + identity.info + "}}";
  return out;
}

base::Result<Initialized> ReadInitializeAnswer(std::string_view bytes, const Envelope& envelope) {
  using base::Code;
  if (envelope.kind == Envelope::Kind::kError) {
    return base::Fail(
        Code::kFailedPrecondition,
        "the server refused initialize: " + DecodeString(envelope.error_message.of(bytes)));
  }
  Initialized out;
  out.result = envelope.result.of(bytes);
  const std::string version = DecodeString(Member(out.result, "protocolVersion"));
  const std::optional<Revision> revision = ParseRevision(version);
  if (!revision || IsModern(*revision)) {
    return base::Fail(Code::kFailedPrecondition,
                      "the server chose protocol revision '" + version +
                          "' in initialize, which is not one with a handshake");
  }
  out.revision = *revision;
  out.capabilities = Member(out.result, "capabilities");
  out.server_info = Member(out.result, "serverInfo");
  out.instructions = Member(out.result, "instructions");
  return out;
}

std::string DiscoverResultFrom(const Initialized& initialized) {
  std::string out = R"({"resultType":"complete","supportedVersions":)" + VersionList();
  out += ",\"capabilities\":";
  out += IsObject(initialized.capabilities) ? initialized.capabilities : std::string_view("{}");
  if (IsString(initialized.instructions)) {
    out += ",\"instructions\":";
    out += initialized.instructions;
  }
  out += R"(,"ttlMs":60000,"cacheScope":"private")";
  if (IsObject(initialized.server_info)) {
    out += ",\"_meta\":{" + Quote(kServerInfoKey) + ":";
    out += initialized.server_info;
    out += '}';
  }
  return out + "}";
}

std::string InitializeResultFrom(std::string_view discover_result, Revision revision) {
  std::string_view capabilities;
  std::string_view instructions;
  std::string_view server_info;
  Members members(discover_result);
  while (members.Next()) {
    if (members.Is("capabilities")) capabilities = members.value();
    if (members.Is("instructions")) instructions = members.value();
    if (members.Is("_meta")) server_info = Member(members.value(), kServerInfoKey);
  }
  std::string out = "{\"protocolVersion\":" + Quote(ToString(revision)) + ",\"capabilities\":";
  out += IsObject(capabilities) ? capabilities : std::string_view("{}");
  out += ",\"serverInfo\":";
  out += IsObject(server_info) ? server_info
                               : std::string_view(R"({"name":"mcp-server","version":"0"})");
  if (IsString(instructions)) {
    out += ",\"instructions\":";
    out += instructions;
  }
  return out + "}";
}

}  // namespace mcp::legacy
