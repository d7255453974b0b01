#include "policy/definition_inspection.h"

#include "mcp/raw_json.h"

namespace policy {
namespace {

void LookWithin(JsonInspector& inspector, std::string_view value);

void LookAtMember(JsonInspector& inspector, const mcp::Members& member) {
  const bool words = member.Is("description") || member.Is("title");
  if (words && mcp::IsString(member.value())) return inspector.Look(member.value());
  LookWithin(inspector, member.value());
}

void LookWithin(JsonInspector& inspector, std::string_view value) {
  if (mcp::IsString(value)) return inspector.Look(value, JsonInspector::Redact::kBlock);
  mcp::Elements elements(value);
  while (elements.Next()) LookWithin(inspector, elements.value());
  mcp::Members members(value);
  while (members.Next()) {
    inspector.Look(members.key(), JsonInspector::Redact::kBlock);
    LookAtMember(inspector, members);
  }
}

}  // namespace

void LookAtDefinition(JsonInspector& inspector, std::string_view definition) {
  if (!inspector.MayFindIn(definition)) return;
  mcp::Members members(definition);
  while (members.Next()) {
    // Models do not see these.
    if (members.Is("_meta") || members.Is("icons")) continue;
    LookAtMember(inspector, members);
  }
}

}  // namespace policy
