// Why a bearer token was refused, as the caller is told.
#pragma once

#include <string>
#include <string_view>

namespace gateway {

struct TokenReason {
  std::string_view reason;  // a constant, of policies.md
  std::string sentence;

  // Of an error of base/auth: `TokenExpired: the token ...`.
  static TokenReason Of(std::string_view message);
};

}  // namespace gateway
