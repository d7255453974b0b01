#include "gateway/state/schema_cache.h"

#include <functional>

#include "policy/tool_schema.h"

namespace gateway::state {
namespace {

SchemaCache::Pointer Compile(std::string_view text) {
  auto compiled = std::make_shared<SchemaCache::Compiled>();
  auto schema = policy::CompileToolSchema(text);
  if (schema) {
    compiled->schema = std::move(*schema);
  } else {
    compiled->error = schema.error().message;
  }
  return compiled;
}

}  // namespace

SchemaCache::Pointer SchemaCache::Find(std::string_view text) {
  Shard& shard = ShardOf(text);
  {
    const std::lock_guard lock(shard.mutex);
    if (const auto found = shard.by_text.find(text); found != shard.by_text.end()) {
      shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
      return found->second->compiled;
    }
  }
  return Keep(shard, text, Compile(text));
}

SchemaCache::Pointer SchemaCache::Keep(Shard& shard, std::string_view text,
                                       Pointer compiled) const {
  if (text.size() > max_bytes_) return compiled;
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.by_text.find(text); found != shard.by_text.end())
    return found->second->compiled;
  shard.entries.push_front({std::string(text), compiled});
  shard.by_text.emplace(shard.entries.front().text, shard.entries.begin());
  shard.bytes += text.size();
  while (shard.bytes > max_bytes_) {
    shard.bytes -= shard.entries.back().text.size();
    shard.by_text.erase(shard.entries.back().text);
    shard.entries.pop_back();
  }
  return compiled;
}

SchemaCache::Shard& SchemaCache::ShardOf(std::string_view text) {
  return shards_[std::hash<std::string_view>()(text) % kShards];
}

std::size_t SchemaCache::bytes() const {
  std::size_t bytes = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    bytes += shard.bytes;
  }
  return bytes;
}

}  // namespace gateway::state
