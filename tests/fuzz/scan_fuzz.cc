// The scan of a message: what it lets pass is JSON to another reader too, means the same there, and
// survives translation.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "mcp/legacy/translate.h"
#include "mcp/message.h"
#include "mcp/outcome.h"
#include "mcp/raw_json.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

// Texts on which the other reader differs by design: lone surrogates, numbers beyond a double, a
// byte order mark, depth.
bool OthersMayDiffer(std::string_view text) {
  return text.find("\\uD") != text.npos || text.find("\\ud") != text.npos ||
         text.find_first_of("eE") != text.npos || text.size() > 300 ||
         text.starts_with("\xEF\xBB\xBF");
}

int Depth(std::string_view text) {
  int deepest = 0, depth = 0;
  for (const char c : text) {
    depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    deepest = std::max(deepest, depth);
  }
  return deepest;
}

void CheckString(const nlohmann::json& object, const char* key, std::string_view raw) {
  if (!mcp::IsString(raw)) return;
  const auto member = object.find(key);
  Require(member != object.end() && member->is_string() &&
          member->get<std::string>() == mcp::DecodeString(raw));
}

void CheckEnvelope(std::string_view bytes, const mcp::Envelope& envelope) {
  const auto tree = nlohmann::json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  if (tree.is_discarded()) return;
  CheckString(tree, "method", envelope.method.of(bytes));
  CheckString(tree, "id", envelope.id.of(bytes));
  if (mcp::IsObject(envelope.params.of(bytes)))
    CheckString(tree["params"], "name", envelope.name.of(bytes));
}

void CheckTranslation(std::string_view bytes, const mcp::Envelope& envelope) {
  using Kind = mcp::Envelope::Kind;
  std::string out;
  if (envelope.kind == Kind::kRequest || envelope.kind == Kind::kNotification) {
    out = mcp::legacy::ToModernRequest(bytes, envelope, {}, "7");
    const auto modern = mcp::Scan(out);
    // One level more than the text had may be one too many.
    if (!modern) return Require(Depth(bytes) + 4 > 64);
    Require(mcp::DecodeString(modern->protocol_version.of(out)) == "2026-07-28");
    const std::string back = mcp::legacy::ToLegacyRequest(out, *modern);
    const auto legacy = mcp::Scan(back);
    Require(legacy && legacy->protocol_version.empty() && legacy->client_info.empty());
  } else {
    out = mcp::legacy::ToModernResult(bytes, envelope, "tools/list", {}, "7");
    const auto modern = mcp::Scan(out);
    Require(modern && (envelope.kind == Kind::kError || !modern->result_type.empty()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const bool ours = mcp::IsJson(bytes);
  const bool others = nlohmann::json::accept(bytes);
  if (ours != others) Require(OthersMayDiffer(bytes) || Depth(bytes) > 64);

  const auto envelope = mcp::Scan(bytes);
  if (envelope) {
    Require(ours);
    CheckEnvelope(bytes, *envelope);
    CheckTranslation(bytes, *envelope);
  }
  mcp::OutcomeOf(bytes);
  mcp::Members members(bytes);
  while (members.Next()) mcp::DecodeString(members.key());
  mcp::Elements elements(bytes);
  while (elements.Next()) mcp::Integer(elements.value());

  const std::string quoted = mcp::Quote(bytes);
  Require(mcp::IsJson(quoted));
  if (nlohmann::json::accept("\"" + quoted.substr(1, quoted.size() - 2) + "\"") &&
      quoted.find("\\ufffd") == quoted.npos) {
    Require(mcp::DecodeString(quoted) == bytes);
  }
  return 0;
}
