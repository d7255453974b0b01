// What a backup is made of.
//
//   "portolan backup 1\n" | a sealed stream (base/auth/sealed_stream.h) of:
//       one line of JSON: {"version":"0.1.0","schema":3,"made_at_ms":...,"files":[{"name":"portolan.db","bytes":...},...]}
//       the bytes of each file, one behind the other
#pragma once

#include <array>
#include <string_view>

namespace registry::backup {

inline constexpr std::string_view kMagic = "portolan backup 1\n";
inline constexpr std::string_view kDatabase = "portolan.db";
// What lies beside the database, in this order.
inline constexpr std::string_view kMasterKey = "master.key";
inline constexpr std::array<std::string_view, 3> kSecrets = {kMasterKey, "admin.token",
                                                             "gateway.token"};
// The line of JSON lies within the first chunk.
inline constexpr std::size_t kMaxHeadBytes = 16 * 1024;

}  // namespace registry::backup
