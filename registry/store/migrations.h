// The migrations as text, embedded when built from store/migrations/NNNN_*.sql. The Nth brings a
// database from version N-1 to N (PRAGMA user_version). A landed migration is never changed.
#pragma once

#include <span>
#include <string_view>

namespace registry {

std::span<const std::string_view> Migrations();

}  // namespace registry
