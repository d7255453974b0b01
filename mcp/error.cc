#include "mcp/error.h"

#include "mcp/message.h"

namespace mcp {
namespace {

// Writes the members of `data`, with commas between them.
class DataWriter {
 public:
  explicit DataWriter(std::string& out) : out_(out) {}
  void Text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    Key(name);
    out_ += Quote(value);
  }
  void Number(std::string_view name, const std::optional<std::int64_t>& value) {
    if (!value) return;
    Key(name);
    out_ += std::to_string(*value);
  }
  void Raw(std::string_view members) {
    if (members.empty()) return;
    Comma();
    out_ += members;
  }
  bool empty() const { return empty_; }

 private:
  void Comma() {
    out_ += empty_ ? ",\"data\":{" : ",";
    empty_ = false;
  }
  void Key(std::string_view name) {
    Comma();
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }
  std::string& out_;
  bool empty_ = true;
};

}  // namespace

std::string ErrorMessage(std::string_view raw_id, const CallError& error,
                         std::string_view request_id) {
  std::string out;
  out.reserve(160 + raw_id.size() + error.message.size() + error.extra_data_json.size());
  out += R"({"jsonrpc":"2.0","id":)";
  out += raw_id.empty() ? std::string_view("null") : raw_id;
  out += R"(,"error":{"code":)";
  out += std::to_string(error.code);
  out += R"(,"message":)";
  out += Quote(error.message);
  DataWriter data(out);
  data.Text("reason", error.reason);
  data.Text("kind", error.kind);
  data.Number("retry_after_s", error.retry_after_s);
  data.Number("limit", error.limit);
  data.Number("remaining", error.remaining);
  data.Text("rule", error.rule);
  data.Text("scope", error.scope);
  data.Raw(error.extra_data_json);
  data.Text("request_id", request_id);
  if (!data.empty()) out += '}';
  out += "}}";
  return out;
}

CallError ToCallError(const base::Error& error) {
  using base::Code;
  CallError out;
  out.message = error.message;
  switch (error.code) {
    case Code::kUnavailable:
    case Code::kAborted:
    case Code::kDataLoss:
    case Code::kUnknown:
    case Code::kUnauthenticated:
    case Code::kPermissionDenied:
      out.code = kUpstreamFailed;
      out.reason = "UpstreamFailed";
      break;
    case Code::kDeadlineExceeded:
      out.code = kUpstreamTimeout;
      out.reason = "UpstreamTimeout";
      break;
    case Code::kResourceExhausted:
      out.code = kResultTooLarge;
      out.reason = "ResultTooLarge";
      break;
    case Code::kUnimplemented: out.code = kMethodNotFound; break;
    case Code::kInvalidArgument:
    case Code::kOutOfRange:
    case Code::kNotFound: out.code = kInvalidParams; break;
    default: out.code = kInternalError; out.message = "Internal error.";
  }
  return out;
}

}  // namespace mcp
