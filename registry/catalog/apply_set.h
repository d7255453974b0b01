// An ApplySet is what was applied under one name: the resources that its applies created, so that
// `--prune` removes those that its files no longer hold, and never anything else.
//
// Kept among the registry's own values, written in the apply's own transaction. A resource that
// somebody deleted is not the set's any more, also when another of the same name is made: members
// are known by the time of their creation too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace registry {

class Reader;
class Transaction;

class ApplySet {
 public:
  struct Member {
    std::string kind;
    std::string name;
    std::int64_t created_at_ms = 0;

    friend bool operator==(const Member&, const Member&) = default;
  };

  // What the set still holds of what it made. kInvalidArgument: no name of a set.
  static base::Result<ApplySet> Read(Reader& store, const std::string& name);

  const std::vector<Member>& members() const { return members_; }
  void Add(Member member) { members_.push_back(std::move(member)); }
  void Remove(std::string_view kind, std::string_view name);
  base::Result<void> Write(Transaction& store) const;

 private:
  explicit ApplySet(std::string key) : key_(std::move(key)) {}

  std::string key_;
  std::vector<Member> members_;
};

}  // namespace registry
