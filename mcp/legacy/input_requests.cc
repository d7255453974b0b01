#include "mcp/legacy/input_requests.h"

#include "mcp/raw_json.h"

namespace mcp::legacy {
namespace {

constexpr std::size_t kMaxRequests = 64;

}  // namespace

bool CanBeAsked(std::string_view capabilities) {
  if (!IsObject(capabilities)) return false;
  Members members(capabilities);
  while (members.Next()) {
    if (members.Is("sampling") || members.Is("elicitation") || members.Is("roots")) return true;
  }
  return false;
}

bool CanBeAsked(std::string_view capabilities, std::string_view method,
                std::string_view raw_params) {
  if (method == "sampling/createMessage") return IsObject(Member(capabilities, "sampling"));
  if (method == "roots/list") return IsObject(Member(capabilities, "roots"));
  if (method != "elicitation/create") return false;
  const std::string_view elicitation = Member(capabilities, "elicitation");
  if (!IsObject(elicitation)) return false;
  const bool by_url = !Member(elicitation, "url").empty();
  if (DecodeString(Member(raw_params, "mode")) == "url") return by_url;
  // Who names no mode has the one there was first.
  return !by_url || !Member(elicitation, "form").empty();
}

bool MayRequireInput(std::string_view method) {
  return method == "tools/call" || method == "prompts/get" || method == "resources/read";
}

std::string InputRequiredMessage(std::string_view raw_id, const std::vector<InputRequest>& requests,
                                 std::string_view state) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out.append(raw_id).append(R"(,"result":{"resultType":"input_required","inputRequests":{)");
  bool first = true;
  for (const InputRequest& request : requests) {
    if (!first) out += ',';
    first = false;
    out.append(Quote(request.key)).append(R"(:{"method":)").append(Quote(request.method));
    if (!request.raw_params.empty()) out.append(",\"params\":").append(request.raw_params);
    out += '}';
  }
  out.append(R"(},"requestState":)").append(Quote(state)).append("}}");
  return out;
}

base::Result<std::optional<InputRequired>> ReadInputRequired(std::string_view bytes,
                                                             const Envelope& envelope) {
  if (envelope.kind != Envelope::Kind::kResult ||
      DecodeString(envelope.result_type.of(bytes)) != "input_required") {
    return std::optional<InputRequired>();
  }
  InputRequired out;
  Members members(envelope.result.of(bytes));
  std::string_view requests;
  while (members.Next()) {
    if (members.Is("inputRequests")) requests = members.value();
    if (members.Is("requestState") && IsString(members.value())) out.raw_state = members.value();
  }
  Members each(requests);
  while (each.Next()) {
    InputRequest request;
    request.key = DecodeString(each.key());
    request.method = DecodeString(Member(each.value(), "method"));
    request.raw_params = Member(each.value(), "params");
    if (request.method.empty() || out.requests.size() == kMaxRequests) {
      return base::Fail(base::Code::kDataLoss, "the server's inputRequests cannot be used");
    }
    out.requests.push_back(std::move(request));
  }
  if (out.requests.empty() && out.raw_state.empty()) {
    return base::Fail(base::Code::kDataLoss, "the server requires input and does not say which");
  }
  return std::optional<InputRequired>(std::move(out));
}

std::string RetryRequest(std::string_view bytes, const Envelope& envelope, std::string_view raw_id,
                         const std::vector<InputResponse>& responses, std::string_view raw_state) {
  std::string added;
  if (!responses.empty()) {
    added += "\"inputResponses\":{";
    for (const InputResponse& response : responses) {
      if (added.back() != '{') added += ',';
      added.append(Quote(response.key)).append(":").append(response.raw_result);
    }
    added += "},";
  }
  if (!raw_state.empty()) added.append("\"requestState\":").append(raw_state).append(",");
  // Two places are touched, in whichever order they stand.
  const std::size_t inside = envelope.params.begin + 1;
  std::string out;
  out.reserve(bytes.size() + added.size() + raw_id.size());
  const auto put_id = [&](std::size_t from, std::size_t to) {
    if (envelope.id.begin < from || envelope.id.begin >= to) {
      out.append(bytes.substr(from, to - from));
      return;
    }
    out.append(bytes.substr(from, envelope.id.begin - from)).append(raw_id);
    out.append(bytes.substr(envelope.id.end, to - envelope.id.end));
  };
  put_id(0, inside);
  out += added;
  put_id(inside, bytes.size());
  return out;
}

Retry ReadRetry(std::string_view raw_params) {
  Retry retry;
  Members members(raw_params);
  while (members.Next()) {
    if (members.Is("requestState")) retry.state = DecodeString(members.value());
    if (!members.Is("inputResponses")) continue;
    Members each(members.value());
    while (each.Next() && retry.responses.size() < kMaxRequests) {
      if (!IsObject(each.value())) continue;
      retry.responses.push_back({DecodeString(each.key()), std::string(each.value())});
    }
  }
  return retry;
}

std::string ServerRequest(std::string_view raw_id, const InputRequest& request) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out.append(raw_id).append(",\"method\":").append(Quote(request.method));
  if (!request.raw_params.empty()) out.append(",\"params\":").append(request.raw_params);
  return out + "}";
}

}  // namespace mcp::legacy
