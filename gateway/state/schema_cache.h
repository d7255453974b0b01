// The SchemaCache holds the schemas of tools ready to be used: each is compiled once for all routes,
// callers and workers, however many tools have it.
//
// Thread-safe; a lock is held for a look-up, never while a schema is compiled (two that ask at the
// same time may both compile it). Bounded: of what is over 4 MiB of schema text the longest unused
// go; who still uses one keeps it.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/json_schema.h"

namespace gateway::state {

class SchemaCache {
 public:
  struct Compiled {
    // nullopt: `error` says why it cannot be used.
    std::optional<base::JsonSchema> schema;
    std::string error;
  };
  using Pointer = std::shared_ptr<const Compiled>;

  explicit SchemaCache(std::size_t max_bytes = 4 * 1024 * 1024) : max_bytes_(max_bytes / kShards) {}

  // `text` is raw JSON.
  Pointer Find(std::string_view text);

  // Of the schemas it holds, as text.
  std::size_t bytes() const;

 private:
  static constexpr std::size_t kShards = 8;
  struct Entry {
    std::string text;
    Pointer compiled;
  };
  struct Shard {
    mutable std::mutex mutex;  // guards the members below
    std::list<Entry> entries;  // the last used first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_text;  // views of entries
    std::size_t bytes = 0;
  };
  Shard& ShardOf(std::string_view text);
  Pointer Keep(Shard& shard, std::string_view text, Pointer compiled) const;

  // Constant after construction
  const std::size_t max_bytes_;  // of a shard

  std::array<Shard, kShards> shards_;
};

}  // namespace gateway::state
