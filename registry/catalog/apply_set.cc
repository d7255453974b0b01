#include "registry/catalog/apply_set.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/catalog/names.h"
#include "registry/catalog/validate.h"
#include "registry/store/store.h"

namespace registry {
namespace {

using nlohmann::json;
namespace v1 = portolan::v1;

constexpr char kPrefix[] = "apply_set/";

base::Error Damaged(const std::string& key) {
  return base::Fail(base::Code::kDataLoss, "the value '" + key + "' is damaged");
}

}  // namespace

base::Result<ApplySet> ApplySet::Read(Reader& store, const std::string& name) {
  if (CheckPlainName(name).has_error()) {
    return FieldError(
        "/set", "must be 1 to 128 letters, digits and '._@-', beginning with a letter or digit");
  }
  ApplySet set(kPrefix + name);
  const auto value = store.Value(set.key_);
  if (value.has_error()) return value.error();
  if (!*value) return set;
  const json tree = json::parse(**value, nullptr, false);
  if (!tree.is_array()) return Damaged(set.key_);
  for (const json& entry : tree) {
    if (!entry.is_array() || entry.size() != 3 || !entry[0].is_string() || !entry[1].is_string() ||
        !entry[2].is_number_integer()) {
      return Damaged(set.key_);
    }
    Member member{entry[0], entry[1], entry[2]};
    const auto stored = store.Find(member.kind, member.name);
    if (stored.has_error()) return stored.error();
    if (*stored && (*stored)->created_at_ms == member.created_at_ms)
      set.members_.push_back(std::move(member));
  }
  return set;
}

void ApplySet::Remove(std::string_view kind, std::string_view name) {
  std::erase_if(members_,
                [&](const Member& member) { return member.kind == kind && member.name == name; });
}

base::Result<void> ApplySet::Write(Transaction& store) const {
  json tree = json::array();
  for (const Member& member : members_)
    tree.push_back({member.kind, member.name, member.created_at_ms});
  return store.PutValue(key_, tree.dump());
}

}  // namespace registry
