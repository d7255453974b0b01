#include "mcp/param_headers.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "mcp/request_headers.h"

namespace mcp {
namespace {

constexpr std::string_view kAnnotation = "x-mcp-header";
constexpr std::string_view kPrefix = "Mcp-Param-";
constexpr int kMaxDepth = 64;

// RFC 9110, 5.6.2.
bool IsToken(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  const auto fits = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

// Gathers the annotations of one schema.
class Reader {
 public:
  // `reachable`: nothing but `properties` keys lead here.
  void Schema(std::string_view schema, bool reachable, int depth) {
    if (!error_.empty() || !IsObject(schema) || depth > kMaxDepth) return;
    std::string_view annotation, type;
    Members members(schema);
    while (members.Next()) {
      if (members.Is(kAnnotation)) {
        annotation = members.value();
      } else if (members.Is("type")) {
        type = members.value();
      } else if (members.Is("properties")) {
        Properties(members.value(), reachable, depth);
      } else if (members.Is("$defs") || members.Is("definitions") ||
                 members.Is("patternProperties") || members.Is("dependentSchemas")) {
        Properties(members.value(), false, depth);
      } else if (!IsData(members)) {
        Schema(members.value(), false, depth + 1);
        Elements elements(members.value());
        while (elements.Next()) Schema(elements.value(), false, depth + 1);
      }
    }
    if (!annotation.empty()) Take(annotation, type, reachable);
  }

  base::Result<ParamHeaders> Result() && {
    if (!error_.empty()) return base::Fail(base::Code::kInvalidArgument, std::move(error_));
    return std::move(headers_);
  }

 private:
  // What holds values instead of schemas.
  static bool IsData(const Members& member) {
    return member.Is("default") || member.Is("const") || member.Is("enum") || member.Is("examples");
  }

  void Properties(std::string_view properties, bool reachable, int depth) {
    if (!IsObject(properties)) return;
    Members members(properties);
    while (members.Next()) {
      path_.push_back(DecodeString(members.key()));
      Schema(members.value(), reachable, depth + 1);
      path_.pop_back();
    }
  }

  void Take(std::string_view annotation, std::string_view type, bool reachable) {
    if (!error_.empty()) return;
    const std::string where = path_.empty() ? "the schema" : "'" + path_.back() + "'";
    const std::string name = DecodeString(annotation);
    const std::string type_name = DecodeString(type);
    if (!reachable || path_.empty()) {
      error_ = "x-mcp-header of " + where + " is not on a plain property";
    } else if (!IsToken(name)) {
      error_ = "x-mcp-header of " + where + " is no header name";
    } else if (type_name != "string" && type_name != "integer" && type_name != "boolean") {
      error_ = "x-mcp-header of " + where + " needs the type string, integer or boolean";
    } else if (std::any_of(headers_.begin(), headers_.end(), [&](const ParamHeader& other) {
                 return base::http::EqualsIgnoreCase(
                     std::string_view(other.name).substr(kPrefix.size()), name);
               })) {
      error_ = "x-mcp-header '" + name + "' stands twice";
    } else {
      ParamHeader& header = headers_.emplace_back();
      header.name = std::string(kPrefix) + name;
      header.path = path_;
      header.type = type_name == "string"    ? ParamHeader::Type::kString
                    : type_name == "integer" ? ParamHeader::Type::kInteger
                                             : ParamHeader::Type::kBoolean;
    }
  }

  ParamHeaders headers_;
  std::vector<std::string> path_;
  std::string error_;
};

// Raw; empty when it is not there or null, which has no header.
std::string_view ArgumentOf(const ParamHeader& header, std::string_view arguments) {
  for (const std::string& part : header.path) arguments = Member(arguments, part);
  return arguments == "null" ? std::string_view() : arguments;
}

std::optional<double> Number(std::string_view text) {
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

bool Matches(const ParamHeader& header, std::string_view value, std::string_view raw) {
  const std::optional<std::string> text = DecodeHeaderValue(value);
  if (!text) return false;
  if (IsString(raw)) return *text == DecodeString(raw);
  if (*text == raw) return true;
  // 42 and 42.0 are the same integer.
  if (header.type != ParamHeader::Type::kInteger) return false;
  const std::optional<double> told = Number(*text);
  return told && told == Number(raw);
}

}  // namespace

base::Result<ParamHeaders> ReadParamHeaders(std::string_view input_schema) {
  Reader reader;
  reader.Schema(input_schema, true, 0);
  return std::move(reader).Result();
}

std::optional<CallError> CheckParamHeaders(std::span<const ParamHeader> headers,
                                           const base::http::Fields& fields,
                                           std::string_view arguments) {
  for (const ParamHeader& header : headers) {
    const std::string_view raw = ArgumentOf(header, arguments);
    const std::size_t count = fields.Count(header.name);
    const bool well =
        raw.empty() ? count == 0 : count == 1 && Matches(header, *fields.Find(header.name), raw);
    if (well) continue;
    CallError error;
    error.code = kHeaderMismatch;
    error.message = header.name + " is not what the arguments say.";
    error.reason = "HeaderMismatch";
    return error;
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> MakeParamHeaders(
    std::span<const ParamHeader> headers, std::string_view arguments) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const ParamHeader& header : headers) {
    const std::string_view raw = ArgumentOf(header, arguments);
    if (raw.empty() || IsObject(raw) || IsArray(raw)) continue;
    const std::string text = IsString(raw) ? DecodeString(raw) : std::string(raw);
    out.emplace_back(header.name, EncodeHeaderValue(text));
  }
  return out;
}

}  // namespace mcp
