// Secret files: read by their owner only (0600), and whole or not there at all.
//
// A file is written beside its place, synced, and moved there, so that neither a crash nor a second
// process ever sees half of it. One that group or others may read is refused: whoever could read it
// may know the secret.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace base::auth {

inline constexpr std::size_t kMaxSecretBytes = 64 * 1024;

// kNotFound when there is none, kFailedPrecondition when others may read it.
Result<std::string> ReadSecretFile(const std::filesystem::path& path,
                                   std::size_t max_bytes = kMaxSecretBytes);

// Replaces what is there.
Result<void> WriteSecretFile(const std::filesystem::path& path, std::string_view contents);

// The file's contents; made first, with what `make` returns, when there is none. Of several
// processes that try at once one makes it, and all return the same.
Result<std::string> ReadOrCreateSecretFile(const std::filesystem::path& path,
                                           const std::function<std::string()>& make);

}  // namespace base::auth
