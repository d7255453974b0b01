// Result<T> is what may fail: a value, or an Error with a code and a sentence.
//
// An Error means "could not". A refusal ("decided not to") is an mcp::Response, and our own bug is an assertion; the
// three are never mixed. Codes are gRPC's, by name and number.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace base {

enum class Code {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// `INVALID_ARGUMENT`
std::string_view CodeName(Code code);

struct Error {
  Code code = Code::kUnknown;
  // One sentence for a person, without the code; begins lower case, so that context can be put before it.
  std::string message;

  // "server 'weather': " + message
  Error WithContext(std::string_view context) const;
};

[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location&);

template <class T>
using Result = boost::system::result<T, Error>;

// return base::Fail(base::Code::kNotFound, "no server 'x'");
inline Error Fail(Code code, std::string message) { return Error{code, std::move(message)}; }

}  // namespace base
