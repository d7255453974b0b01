#include "policy/validate_answers.h"

#include <algorithm>

#include "base/json.h"
#include "policy/expression.h"

namespace policy {

namespace v1 = portolan::v1;

namespace {

constexpr std::int64_t kMaxMessageBytes = 67'108'864;
constexpr std::size_t kMaxMockBytes = 65'536;
constexpr std::int64_t kMaxTtlSeconds = 86'400;
constexpr std::int64_t kMaxKeptBytes = 4'194'304;
constexpr int kMaxVary = 8;

base::Error Bad(const std::string& pointer, const std::string& what) {
  return base::Fail(base::Code::kInvalidArgument, pointer + ": " + what);
}

base::Result<void> CheckRange(std::int64_t value, std::int64_t least, std::int64_t most,
                              const std::string& pointer) {
  if (value >= least && value <= most) return {};
  return Bad(pointer, "must be from " + std::to_string(least) + " to " + std::to_string(most));
}

bool SelectsTools(const v1::Selector& select) {
  return !select.tools().empty() || select.has_annotations();
}

base::Result<void> CheckValidate(const v1::Rule& rule, const std::string& pointer) {
  const v1::Validate& validate = rule.validate();
  const v1::Selector& select = rule.select();
  const bool of_others = !select.resources().empty() || !select.prompts().empty();
  auto check = [&](v1::SchemaCheck::Value value, const std::string& name) -> base::Result<void> {
    if (!v1::SchemaCheck::Value_IsValid(value))
      return Bad(pointer + name, "must be OFF, DETECT or PREVENT");
    if (value != v1::SchemaCheck::UNSPECIFIED && of_others)
      return Bad(pointer + name, "only tools have schemas, and the rule selects something else");
    return {};
  };
  if (auto ok = check(validate.arguments(), "/arguments"); !ok) return ok;
  if (auto ok = check(validate.results(), "/results"); !ok) return ok;
  if (auto ok = CheckRange(validate.max_request_bytes(), 0, kMaxMessageBytes,
                           pointer + "/max_request_bytes");
      !ok)
    return ok;
  if (auto ok = CheckRange(validate.max_result_bytes(), 0, kMaxMessageBytes,
                           pointer + "/max_result_bytes");
      !ok)
    return ok;
  const bool says = validate.arguments() != v1::SchemaCheck::UNSPECIFIED ||
                    validate.results() != v1::SchemaCheck::UNSPECIFIED ||
                    validate.max_request_bytes() != 0 || validate.max_result_bytes() != 0;
  if (!says) return Bad(pointer, "needs arguments, results, max_request_bytes or max_result_bytes");
  return {};
}

// What the results of such calls must hold (MCP 2025-11-25, schema): clients refuse them else.
base::Result<void> CheckHolds(const nlohmann::json& result, const char* member,
                              const std::string& pointer) {
  if (result.contains(member) && result[member].is_array()) return {};
  return Bad(pointer,
             "needs '" + std::string(member) + "', an array: clients refuse a result without it");
}

base::Result<void> CheckMock(const v1::Rule& rule, const std::string& pointer) {
  const v1::Selector& select = rule.select();
  const auto& methods = select.methods();
  if (!SelectsTools(select) && select.resources().empty() && select.prompts().empty() &&
      methods.empty())
    return Bad(pointer,
               "must select what it answers: methods, tools, annotations, resources or prompts");
  const std::string at = pointer + "/result_json";
  const std::string& text = rule.mock().result_json();
  if (text.empty()) return Bad(at, "must be a JSON object");
  if (text.size() > kMaxMockBytes)
    return Bad(at, "longer than " + std::to_string(kMaxMockBytes) + " bytes");
  const auto result = base::ParseJson(text);
  if (!result) return Bad(at, result.error().message);
  if (!result->is_object()) return Bad(at, "must be a JSON object");
  auto of = [&methods](const char* method) {
    return std::find(methods.begin(), methods.end(), method) != methods.end();
  };
  if (SelectsTools(select) || of("tools/call")) return CheckHolds(*result, "content", at);
  if (!select.prompts().empty() || of("prompts/get")) return CheckHolds(*result, "messages", at);
  if (!select.resources().empty() || of("resources/read"))
    return CheckHolds(*result, "contents", at);
  return {};
}

base::Result<void> CheckCache(const v1::Rule& rule, const std::string& pointer) {
  const v1::Cache& cache = rule.cache();
  if (!rule.select().resources().empty() || !rule.select().prompts().empty())
    return Bad(pointer, "keeps answers of tools and lists, and the rule selects something else");
  if (!cache.has_ttl_s() && cache.vary().empty() && cache.max_bytes() == 0)
    return Bad(pointer, "needs ttl_s, vary or max_bytes");
  if (auto ok = CheckRange(cache.ttl_s(), 0, kMaxTtlSeconds, pointer + "/ttl_s"); !ok) return ok;
  if (auto ok = CheckRange(cache.max_bytes(), 0, kMaxKeptBytes, pointer + "/max_bytes"); !ok)
    return ok;
  if (cache.vary_size() > kMaxVary)
    return Bad(pointer + "/vary", "more than " + std::to_string(kMaxVary) + " entries");
  for (int i = 0; i < cache.vary_size(); ++i) {
    const std::string at = pointer + "/vary/" + std::to_string(i);
    if (cache.vary(i).empty()) return Bad(at, "must not be empty");
    if (auto expression = Expression::Compile(cache.vary(i)); !expression)
      return Bad(at, expression.error().message);
  }
  return {};
}

}  // namespace

base::Result<void> CheckAnswerRule(const v1::Rule& rule, const std::string& pointer) {
  if (rule.has_validate()) return CheckValidate(rule, pointer + "/validate");
  if (rule.has_mock()) return CheckMock(rule, pointer + "/mock");
  return CheckCache(rule, pointer + "/cache");
}

}  // namespace policy
