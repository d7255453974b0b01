// A SecretValue is a Secret as whoever uses it reads it: the text itself, a variable of this process's
// environment, or a file in the folder of secrets.
//
// Thread-safe. A file is looked at again at most once a second, and read when it has changed.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "portolan/v1/access.pb.h"

namespace gateway::state {

class SecretValue {
 public:
  // An empty folder: files may not be named.
  SecretValue(const portolan::v1::Secret& secret, std::filesystem::path folder);
  ~SecretValue();
  SecretValue(SecretValue&&) noexcept;
  SecretValue& operator=(SecretValue&&) noexcept;

  // Shared: whoever has the same pointer has the same text. kFailedPrecondition says what is missing,
  // never a content.
  base::Result<std::shared_ptr<const std::string>> Read();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gateway::state
