#include "gateway/filters/schema_refusal.h"

#include "mcp/message.h"
#include "mcp/revision.h"

namespace gateway {
namespace {

constexpr std::size_t kMaxPlacesBytes = 2'000;

std::string PlaceText(const base::Violation& place) {
  if (place.pointer.empty()) return "(the whole) " + place.message;
  return place.pointer + ": " + place.message;
}

std::string PlacesJson(const std::vector<base::Violation>& places) {
  std::string json = "[";
  for (const base::Violation& place : places) {
    if (json.size() > kMaxPlacesBytes) break;
    if (json.size() > 1) json += ',';
    json += R"({"pointer":)" + mcp::Quote(place.pointer);
    if (!place.keyword.empty()) json += R"(,"keyword":)" + mcp::Quote(place.keyword);
    json += R"(,"message":)" + mcp::Quote(place.message) + "}";
  }
  return json + "]";
}

void Note(mcp::Call& call, const Misfit& misfit, const RuleName& rule) {
  mcp::Record& record = call.record;
  record.reason = misfit.reason;
  record.rule = rule.origin;
  record.message = misfit.PlacesText();
}

}  // namespace

std::string Misfit::PlacesText() const {
  std::string text;
  for (const base::Violation& place : places) {
    const std::string next = (text.empty() ? "" : "; ") + PlaceText(place);
    if (text.size() + next.size() > kMaxPlacesBytes) return text + "; and more";
    text += next;
  }
  return text;
}

mcp::Response RefuseMisfit(mcp::Call& call, const Misfit& misfit, const RefusalStyle& style,
                           const RuleName& rule) {
  Note(call, misfit, rule);
  call.record.outcome = mcp::Outcome::kRefused;
  call.record.observed_only = false;
  std::string body = R"({"jsonrpc":"2.0","id":)";
  body += call.id();
  body += R"(,"result":{)";
  if (mcp::IsModern(call.revision)) body += R"("resultType":"complete",)";
  body += R"("content":[{"type":"text","text":)" +
          mcp::Quote(misfit.sentence + " " + misfit.PlacesText()) + R"(}],"isError":true)";
  body += R"(,"_meta":{"io.portolan.gateway/refusal":{"reason":)" + mcp::Quote(misfit.reason);
  body += R"(,"violations":)" + PlacesJson(misfit.places);
  if (style.explain)
    body += R"(,"rule":)" + mcp::Quote(rule.id) + R"(,"scope":)" + mcp::Quote(rule.scope);
  body += R"(,"request_id":)" + mcp::Quote(call.record.request_id) + "}}}}";
  return mcp::Response::Message(std::move(body));
}

void ObserveMisfit(mcp::Call& call, const Misfit& misfit, const RuleName& rule) {
  Note(call, misfit, rule);
  call.record.observed_only = true;
}

}  // namespace gateway
