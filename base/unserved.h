// Fields of the contract that nothing serves yet. They are refused wherever somebody writes them, so
// that nobody relies on what has no effect; each leaves the list with the code that serves it.
#pragma once

#include <string>

#include "base/result.h"

namespace google::protobuf {
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace base {

bool IsUnserved(const google::protobuf::FieldDescriptor& field);

// kInvalidArgument, with the JSON pointer of the first such field that is set; `pointer` is the
// message's own.
Result<void> CheckServed(const google::protobuf::Message& message, const std::string& pointer);

}  // namespace base
