#include "mcp/message.h"

#include <cstring>
#include <forward_list>
#include <memory>
#include <unordered_set>

#include "mcp/json_scanner.h"

namespace mcp {
namespace {

// The decoded keys of one object, to find a second of the same name. Few keys are compared one by
// one; more go into a set, so that an object of a million keys costs no more than its bytes.
class KeySet {
 public:
  // False when `key` is there already. The characters must outlive the set.
  bool Insert(std::string_view key) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (size_[i] == key.size() && std::memcmp(data_[i], key.data(), key.size()) == 0)
        return false;
    }
    if (count_ == kFew) return InsertIntoMore(key);
    data_[count_] = key.data();
    size_[count_++] = key.size();
    return true;
  }

 private:
  bool InsertIntoMore(std::string_view key) {
    if (!more_) more_ = std::make_unique<std::unordered_set<std::string_view>>();
    return more_->insert(key).second;
  }

  static constexpr std::size_t kFew = 24;
  // Uninitialised up to count_.
  const char* data_[kFew];
  std::size_t size_[kFew];
  std::size_t count_ = 0;
  std::unique_ptr<std::unordered_set<std::string_view>> more_;
};

class EnvelopeScan {
 public:
  explicit EnvelopeScan(std::string_view bytes) : bytes_(bytes), json_(bytes) {}

  base::Result<Envelope> Run();

 private:
  // Reads the object at hand; `take(key)` reads one value. `depth`: containers around the object.
  template <class Take>
  bool Object(int depth, Take take);
  bool Value(int depth, Span& where);
  // The same, and when it is an object its keys are checked too.
  bool ObjectValue(int depth, Span& where);

  bool TopLevel();
  bool Params();
  bool Meta();
  bool ClientInfo();
  bool ResultMember();
  bool ErrorMember();
  // What the parts together must be; nullptr when they are a message.
  const char* WhatIsWrong();

  std::string_view bytes_;
  JsonScanner json_;
  Envelope out_;
  Span jsonrpc_;
  bool is_json_rpc_ = true;  // false: the JSON is fine, the message is not
  std::forward_list<std::string>
      decoded_keys_;  // of keys with escapes; allocates nothing while empty
};

template <class Take>
bool EnvelopeScan::Object(int depth, Take take) {
  if (depth >= JsonScanner::kMaxDepth) return json_.Fail("nested too deeply");
  if (!json_.Expect('{')) return false;
  json_.SkipSpaces();
  if (json_.peek() == '}') return json_.Expect('}');
  KeySet keys;
  for (;;) {
    json_.SkipSpaces();
    const std::uint32_t begin = json_.offset();
    bool has_escape = false;
    if (!json_.String(has_escape)) return false;
    std::string_view key = bytes_.substr(begin + 1, json_.offset() - begin - 2);
    if (has_escape) {
      key = decoded_keys_.emplace_front(DecodeString(bytes_.substr(begin, json_.offset() - begin)));
    }
    if (!keys.Insert(key)) {
      is_json_rpc_ = false;
      return json_.Fail("a key occurs twice");
    }
    json_.SkipSpaces();
    if (!json_.Expect(':')) return false;
    json_.SkipSpaces();
    if (!take(key)) return false;
    json_.SkipSpaces();
    if (json_.peek() == ',') {
      json_.Expect(',');
      continue;
    }
    if (json_.peek() != '}') return json_.Fail("',' or '}' expected");
    return json_.Expect('}');
  }
}

bool EnvelopeScan::Value(int depth, Span& where) {
  where.begin = json_.offset();
  if (!json_.Value(depth)) return false;
  where.end = json_.offset();
  return true;
}

bool EnvelopeScan::ObjectValue(int depth, Span& where) {
  if (json_.peek() != '{') return Value(depth, where);
  where.begin = json_.offset();
  const auto skip = [&](std::string_view) { return json_.Value(depth + 1); };
  if (!Object(depth, skip)) return false;
  where.end = json_.offset();
  return true;
}

bool EnvelopeScan::TopLevel() {
  return Object(0, [this](std::string_view key) {
    if (key == "jsonrpc") return Value(1, jsonrpc_);
    if (key == "id") return Value(1, out_.id);
    if (key == "method") return Value(1, out_.method);
    if (key == "params") return Params();
    if (key == "result") return ResultMember();
    if (key == "error") return ErrorMember();
    return json_.Value(1);
  });
}

bool EnvelopeScan::Params() {
  if (json_.peek() != '{') return Value(1, out_.params);
  out_.params.begin = json_.offset();
  const bool ok = Object(1, [this](std::string_view key) {
    if (key == "name") return Value(2, out_.name);
    if (key == "arguments") return ObjectValue(2, out_.arguments);
    if (key == "_meta") return Meta();
    if (key == "uri") return Value(2, out_.uri);
    if (key == "cursor") return Value(2, out_.cursor);
    if (key == "requestId") return Value(2, out_.request_id);
    return json_.Value(2);
  });
  out_.params.end = json_.offset();
  return ok;
}

bool EnvelopeScan::Meta() {
  if (json_.peek() != '{') return Value(2, out_.meta);
  constexpr std::string_view kPrefix = "io.modelcontextprotocol/";
  out_.meta.begin = json_.offset();
  const bool ok = Object(2, [this, kPrefix](std::string_view key) {
    if (key.starts_with(kPrefix)) {
      const std::string_view name = key.substr(kPrefix.size());
      if (name == "protocolVersion") return Value(3, out_.protocol_version);
      if (name == "clientInfo") return ClientInfo();
      if (name == "clientCapabilities") return Value(3, out_.client_capabilities);
      if (name == "logLevel") return Value(3, out_.log_level);
    }
    if (key == "progressToken") return Value(3, out_.progress_token);
    return json_.Value(3);
  });
  out_.meta.end = json_.offset();
  return ok;
}

bool EnvelopeScan::ClientInfo() {
  if (json_.peek() != '{') return Value(3, out_.client_info);
  out_.client_info.begin = json_.offset();
  const bool ok = Object(3, [this](std::string_view key) {
    if (key == "name") return Value(4, out_.client_name);
    if (key == "version") return Value(4, out_.client_version);
    return json_.Value(4);
  });
  out_.client_info.end = json_.offset();
  return ok;
}

bool EnvelopeScan::ResultMember() {
  if (json_.peek() != '{') return Value(1, out_.result);
  out_.result.begin = json_.offset();
  const bool ok = Object(1, [this](std::string_view key) {
    if (key == "isError") return Value(2, out_.is_error);
    if (key == "resultType") return Value(2, out_.result_type);
    if (key == "_meta") return Value(2, out_.meta);
    return json_.Value(2);
  });
  out_.result.end = json_.offset();
  return ok;
}

bool EnvelopeScan::ErrorMember() {
  if (json_.peek() != '{') return Value(1, out_.error);
  out_.error.begin = json_.offset();
  const bool ok = Object(1, [this](std::string_view key) {
    if (key == "code") return Value(2, out_.error_code);
    if (key == "message") return Value(2, out_.error_message);
    return json_.Value(2);
  });
  out_.error.end = json_.offset();
  return ok;
}

// A string, or an integer without fraction and exponent, which every JSON library writes back as it
// was.
bool IsId(std::string_view raw) {
  constexpr std::size_t kMaxIdBytes = 1024;
  if (raw.empty() || raw.size() > kMaxIdBytes) return false;
  if (raw.front() == '"') return true;
  for (const char c : raw.substr(raw.front() == '-' ? 1 : 0)) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

const char* EnvelopeScan::WhatIsWrong() {
  const std::string_view version = jsonrpc_.of(bytes_);
  if (version != "\"2.0\"" && DecodeString(version) != "2.0") return "'jsonrpc' must be \"2.0\"";
  const bool has_result = !out_.result.empty();
  const bool has_error = !out_.error.empty();
  if (!out_.method.empty()) {
    if (has_result || has_error) return "'method' and a result exclude each other";
    if (bytes_[out_.method.begin] != '"') return "'method' must be a string";
    if (out_.method.end - out_.method.begin == 2) return "'method' is empty";
    if (!out_.params.empty() && bytes_[out_.params.begin] != '{')
      return "'params' must be an object";
    if (out_.id.empty()) {
      out_.kind = Envelope::Kind::kNotification;
      return nullptr;
    }
    out_.kind = Envelope::Kind::kRequest;
    return IsId(out_.id.of(bytes_)) ? nullptr : "'id' must be a string or an integer";
  }
  if (has_result == has_error) return "neither a request nor a response";
  if (has_error) {
    out_.kind = Envelope::Kind::kError;
    if (bytes_[out_.error.begin] != '{') return "'error' must be an object";
    // An error about a message that could not be read has no id (JSON-RPC 2.0, 5).
    if (out_.id.empty() || out_.id.of(bytes_) == "null") return nullptr;
  } else {
    out_.kind = Envelope::Kind::kResult;
    if (bytes_[out_.result.begin] != '{') return "'result' must be an object";
  }
  return IsId(out_.id.of(bytes_)) ? nullptr : "'id' must be a string or an integer";
}

base::Result<Envelope> EnvelopeScan::Run() {
  const auto fail = [this](base::Code code, const char* what) {
    return base::Fail(code, std::string(what) + " at byte " + std::to_string(json_.offset()));
  };
  if (bytes_.size() > UINT32_MAX) {
    return base::Fail(base::Code::kInvalidArgument, "the message is longer than 4 GiB");
  }
  json_.SkipSpaces();
  const char first = json_.peek();
  if (!(first == '{' ? TopLevel() : json_.Value(0))) {
    return fail(is_json_rpc_ ? base::Code::kInvalidArgument : base::Code::kFailedPrecondition,
                json_.what());
  }
  json_.SkipSpaces();
  if (!json_.at_end()) return fail(base::Code::kInvalidArgument, "text behind the message");
  if (first == '[') return base::Fail(base::Code::kOutOfRange, "batches are not served");
  if (first != '{')
    return base::Fail(base::Code::kFailedPrecondition, "a message is a JSON object");
  if (const char* wrong = WhatIsWrong()) return base::Fail(base::Code::kFailedPrecondition, wrong);
  return out_;
}

unsigned HexValue(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) {
    value = value << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

void AppendUtf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// Appends the character of the \u escape at the front of `rest` (and of the low surrogate that may
// follow it), and returns how many bytes that took.
std::size_t AppendUnicodeEscape(std::string& out, std::string_view rest) {
  constexpr unsigned kReplacement = 0xFFFD;
  unsigned code = HexValue(rest.substr(2, 4));
  if (code < 0xD800 || code > 0xDFFF) {
    AppendUtf8(out, code);
    return 6;
  }
  if (code < 0xDC00 && rest.size() >= 12 && rest[6] == '\\' && rest[7] == 'u') {
    const unsigned low = HexValue(rest.substr(8, 4));
    if (low >= 0xDC00 && low <= 0xDFFF) {
      AppendUtf8(out, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
      return 12;
    }
  }
  AppendUtf8(out, kReplacement);
  return 6;
}

// Length of the valid UTF-8 character at the front of `text`; 0 when there is none.
std::size_t CharacterLength(std::string_view text) {
  // A string of that one character is valid JSON exactly when the character is valid.
  for (std::size_t length = 2; length <= 4 && length <= text.size(); ++length) {
    char quoted[6] = {'"'};
    text.copy(quoted + 1, length);
    quoted[length + 1] = '"';
    JsonScanner scanner(std::string_view(quoted, length + 2));
    bool has_escape = false;
    if (scanner.String(has_escape) && scanner.at_end()) return length;
  }
  return 0;
}

}  // namespace

base::Result<Envelope> Scan(std::string_view bytes) { return EnvelopeScan(bytes).Run(); }

std::optional<std::string_view> PlainString(std::string_view raw) {
  if (raw.size() < 2 || raw.front() != '"') return std::nullopt;
  const std::string_view text = raw.substr(1, raw.size() - 2);
  if (std::memchr(text.data(), '\\', text.size())) return std::nullopt;
  return text;
}

std::string DecodeString(std::string_view raw) {
  if (raw.size() < 2 || raw.front() != '"') return {};
  std::string_view rest = raw.substr(1, raw.size() - 2);
  std::string out;
  out.reserve(rest.size());
  while (!rest.empty()) {
    const std::size_t plain = std::min(rest.find('\\'), rest.size());
    out += rest.substr(0, plain);
    rest.remove_prefix(plain);
    if (rest.size() < 2) break;
    std::size_t taken = 2;
    switch (rest[1]) {
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u':
        if (rest.size() < 6) return out;
        taken = AppendUnicodeEscape(out, rest);
        break;
      default: out += rest[1];
    }
    rest.remove_prefix(taken);
  }
  return out;
}

std::string Quote(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    switch (c) {
      case '"': out += "\\\""; continue;
      case '\\': out += "\\\\"; continue;
      case '\n': out += "\\n"; continue;
      case '\r': out += "\\r"; continue;
      case '\t': out += "\\t"; continue;
      default: break;
    }
    if (c < 0x20) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (const std::size_t length = CharacterLength(text.substr(i))) {
      out += text.substr(i, length);
      i += length - 1;
    } else {
      out += "\\ufffd";
    }
  }
  out += '"';
  return out;
}

}  // namespace mcp
