// An ObjectWriter makes a JSON object of raw members, in the order in which they are said.
//
//   ObjectWriter out;
//   out.Text("name", tool.name).Raw("inputSchema", tool.input_schema);
//   return std::move(out).Take();
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "mcp/message.h"

namespace mcp {

class ObjectWriter {
 public:
  // A raw JSON value; nothing when it is empty.
  ObjectWriter& Raw(std::string_view key, std::string_view raw) {
    if (raw.empty()) return *this;
    if (out_.size() > 1) out_ += ',';
    out_ += '"';
    out_ += key;
    out_ += "\":";
    out_ += raw;
    return *this;
  }
  // A string, empty or not.
  ObjectWriter& Text(std::string_view key, std::string_view text) { return Raw(key, Quote(text)); }
  // A string; nothing when it is empty.
  ObjectWriter& TextUnlessEmpty(std::string_view key, std::string_view text) {
    return text.empty() ? *this : Text(key, text);
  }
  std::string Take() && {
    out_ += '}';
    return std::move(out_);
  }

 private:
  std::string out_ = "{";
};

}  // namespace mcp
