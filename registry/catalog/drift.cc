#include "registry/catalog/drift.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/json.h"
#include "registry/catalog/canonical.h"
#include "registry/catalog/validate.h"

namespace registry {
namespace {

constexpr std::size_t kMaxNotes = 100;
constexpr std::size_t kMaxRejected = 1'000;
constexpr std::size_t kLeastHashDigits = 8;

using Key = std::pair<int, std::string_view>;

Key KeyOf(const StoredDefinition& definition) { return {definition.kind, definition.name}; }
Key KeyOf(const StoredDrift& drift) { return {drift.kind, drift.name}; }

bool IsPinned(int kind) { return kind != v1::DefinitionKind::RESOURCE; }

bool IsOpen(const StoredDrift& item) { return item.state != v1::Drift::NOTED; }

v1::Drift::State StateFor(v1::DefinitionChange::Action action) {
  switch (action) {
    case v1::DefinitionChange::HOLD: return v1::Drift::HELD;
    case v1::DefinitionChange::ACCEPT: return v1::Drift::NOTED;
    default: return v1::Drift::WARNED;
  }
}

// What is gone cannot be held back: it is told of until somebody says that it is well.
v1::Drift::State StateOfRemoved(v1::DefinitionChange::Action action) {
  return action == v1::DefinitionChange::ACCEPT ? v1::Drift::NOTED : v1::Drift::WARNED;
}

std::vector<StoredDrift> Differences(const StoredDefinitions& known, const StoredPins& pins,
                                     v1::DefinitionChange::Action action) {
  std::map<Key, const StoredDefinition*> accepted;
  for (const StoredDefinition& item : pins.accepted) accepted.emplace(KeyOf(item), &item);
  std::set<std::tuple<int, std::string_view, std::string_view>> rejected;
  for (const StoredDefinition& item : pins.rejected)
    rejected.emplace(item.kind, item.name, item.hash);

  std::vector<StoredDrift> found;
  for (const StoredDefinition& item : known.items) {
    if (!IsPinned(item.kind)) continue;
    StoredDrift drift{item.kind, item.name, v1::Drift::ADDED};
    if (const auto pin = accepted.find(KeyOf(item)); pin != accepted.end()) {
      const StoredDefinition& before = *pin->second;
      accepted.erase(pin);
      if (before.hash == item.hash) continue;
      drift.change = v1::Drift::CHANGED;
      drift.old_hash = before.hash;
      drift.old_json = before.json;
    }
    drift.new_hash = item.hash;
    drift.new_json = item.json;
    drift.state = rejected.contains({item.kind, item.name, item.hash}) ? v1::Drift::REJECTED
                                                                       : StateFor(action);
    found.push_back(std::move(drift));
  }
  for (const StoredDefinition& item : pins.accepted) {
    if (!accepted.contains(KeyOf(item))) continue;
    found.push_back({item.kind, item.name, v1::Drift::REMOVED, StateOfRemoved(action), 0, item.hash,
                     item.json, "", ""});
  }
  return found;
}

// The pin as the difference would have it.
void MovePin(const StoredDrift& item, StoredPins& pins) {
  const auto pin =
      std::find_if(pins.accepted.begin(), pins.accepted.end(),
                   [&](const StoredDefinition& one) { return KeyOf(one) == KeyOf(item); });
  if (item.change == v1::Drift::REMOVED) {
    if (pin != pins.accepted.end()) pins.accepted.erase(pin);
    return;
  }
  StoredDefinition definition{item.kind, item.name, item.new_hash, item.new_json};
  if (pin == pins.accepted.end()) {
    pins.accepted.push_back(std::move(definition));
  } else {
    *pin = std::move(definition);
  }
}

std::string DescriptionOf(const nlohmann::json& definition) {
  const auto text = definition.find("description");
  return text != definition.end() && text->is_string() ? text->get<std::string>() : std::string();
}

// By the name of what was added: the name of what it was before.
std::map<Key, std::string> FindRenames(std::span<const StoredDrift> drift) {
  struct Side {
    const StoredDrift* item;
    std::string schema;
    std::string description;
  };
  std::vector<Side> added, removed;
  for (const StoredDrift& item : drift) {
    if (!IsOpen(item) || item.change == v1::Drift::CHANGED) continue;
    const bool is_new = item.change == v1::Drift::ADDED;
    const auto definition = base::ParseJson(is_new ? item.new_json : item.old_json);
    if (!definition || !definition->is_object()) continue;
    (is_new ? added : removed)
        .push_back({&item, SchemaForm(*definition), DescriptionOf(*definition)});
  }
  std::map<Key, std::string> renames;
  // First those that kept their description; without a schema to tell by, only those.
  for (const bool same_description : {true, false}) {
    for (const Side& now : added) {
      if (renames.contains(KeyOf(*now.item))) continue;
      const auto before = std::find_if(removed.begin(), removed.end(), [&](const Side& candidate) {
        if (!candidate.item || candidate.item->kind != now.item->kind ||
            candidate.schema != now.schema) {
          return false;
        }
        return same_description ? candidate.description == now.description &&
                                      !(now.schema.empty() && now.description.empty())
                                : !now.schema.empty();
      });
      if (before == removed.end()) continue;
      renames.emplace(KeyOf(*now.item), before->item->name);
      before->item = nullptr;
    }
  }
  return renames;
}

void FillDefinition(const StoredDrift& item, const std::string& hash, const std::string& json,
                    v1::Definition& out) {
  out.set_kind(static_cast<v1::DefinitionKind::Value>(item.kind));
  out.set_name(item.name);
  out.set_hash(hash);
  out.set_json(json);
}

std::string TextOfInstructions(const std::string& definition_json) {
  const auto definition = base::ParseJson(definition_json);
  if (!definition || !definition->is_object()) return {};
  return definition->value(std::string(kInstructionsName), "");
}

base::Error ChoiceError(base::Code code, int index, std::string_view field,
                        const std::string& what) {
  return base::Fail(code,
                    "/choices/" + std::to_string(index) + "/" + std::string(field) + ": " + what);
}

}  // namespace

void Settle(v1::DefinitionChange::Action action, std::int64_t now_ms, StoredDefinitions& known,
            StoredPins& pins) {
  std::vector<StoredDrift> previous = std::exchange(known.drift, {});
  if (!known.pinned) {
    known.pinned = true;
    for (const StoredDefinition& item : known.items) {
      if (IsPinned(item.kind)) pins.accepted.push_back(item);
    }
    return;
  }
  std::map<Key, const StoredDrift*> seen;
  for (const StoredDrift& item : previous) {
    if (IsOpen(item)) seen.emplace(KeyOf(item), &item);
  }
  std::vector<StoredDrift> notes;
  for (StoredDrift& item : Differences(known, pins, action)) {
    const auto before = seen.find(KeyOf(item));
    const bool same = before != seen.end() && before->second->change == item.change &&
                      before->second->new_hash == item.new_hash;
    item.since_ms = same ? before->second->since_ms : now_ms;
    if (IsOpen(item)) {
      known.drift.push_back(std::move(item));
    } else {
      MovePin(item, pins);
      notes.push_back(std::move(item));
    }
  }
  for (StoredDrift& item : previous) {
    if (!IsOpen(item)) notes.push_back(std::move(item));
  }
  if (notes.size() > kMaxNotes) notes.resize(kMaxNotes);
  std::move(notes.begin(), notes.end(), std::back_inserter(known.drift));
}

base::Result<std::vector<StoredDrift>> Decide(const v1::DecideDriftRequest& request,
                                              const StoredDefinitions& known, StoredPins& pins) {
  const v1::Decision::Value decision = request.decision();
  if (decision != v1::Decision::ACCEPT && decision != v1::Decision::REJECT)
    return FieldError("/decision", "must be ACCEPT or REJECT");
  if (request.choices().empty()) return FieldError("/choices", "is missing");
  const std::map<Key, std::string> renames = FindRenames(known.drift);
  std::vector<StoredDrift> decided;
  for (int i = 0; i < request.choices_size(); ++i) {
    const v1::DecideDriftRequest::Choice& choice = request.choices(i);
    const std::string quoted = "'" + choice.name().substr(0, 200) + "'";
    const auto item =
        std::find_if(known.drift.begin(), known.drift.end(), [&](const StoredDrift& candidate) {
          return IsOpen(candidate) && candidate.kind == choice.kind() &&
                 candidate.name == choice.name();
        });
    if (item == known.drift.end()) {
      return ChoiceError(base::Code::kNotFound, i, "name",
                         "no change of " + quoted + " waits for a decision");
    }
    const bool same =
        item->change == v1::Drift::REMOVED
            ? choice.hash().empty()
            : choice.hash().size() >= kLeastHashDigits && item->new_hash.starts_with(choice.hash());
    if (!same) {
      return ChoiceError(base::Code::kAborted, i, "hash",
                         quoted +
                             " is not what was looked at: it has changed again, look at it "
                             "once more (its hash now is " +
                             (item->new_hash.empty() ? "none, it was removed" : item->new_hash) +
                             ")");
    }
    decided.push_back(*item);
    if (decision == v1::Decision::ACCEPT) {
      MovePin(*item, pins);
      std::erase_if(pins.rejected, [&](const StoredDefinition& one) {
        return KeyOf(one) == KeyOf(*item) && one.hash == item->new_hash;
      });
      if (const auto renamed = renames.find(KeyOf(*item)); renamed != renames.end()) {
        MovePin({item->kind, renamed->second, v1::Drift::REMOVED}, pins);
      }
      continue;
    }
    if (item->change == v1::Drift::REMOVED) {
      return ChoiceError(base::Code::kFailedPrecondition, i, "name",
                         quoted + " was removed by the server: there is nothing to reject");
    }
    if (pins.rejected.size() >= kMaxRejected) {
      return base::Fail(base::Code::kResourceExhausted,
                        "at most 1,000 definitions of a server can be rejected");
    }
    pins.rejected.push_back({item->kind, item->name, item->new_hash, {}});
  }
  return decided;
}

v1::ServerDefinitions Served(std::string_view server, const StoredDefinitions& known) {
  std::map<Key, const StoredDrift*> held;
  for (const StoredDrift& item : known.drift) {
    const bool refused = item.state == v1::Drift::HELD || item.state == v1::Drift::REJECTED;
    if (refused) held.emplace(KeyOf(item), &item);
  }
  v1::ServerDefinitions served;
  served.set_server(std::string(server));
  served.mutable_info()->ParseFromString(known.info);
  for (const StoredDefinition& item : known.items) {
    const auto found = held.find(KeyOf(item));
    const StoredDrift* drift = found == held.end() ? nullptr : found->second;
    if (drift) {
      v1::HeldDefinition& told = *served.add_held();
      told.set_kind(static_cast<v1::DefinitionKind::Value>(item.kind));
      told.set_name(item.name);
      told.set_state(static_cast<v1::Drift::State>(drift->state));
    }
    if (item.kind == v1::DefinitionKind::INSTRUCTIONS) {
      if (drift) served.mutable_info()->set_instructions(TextOfInstructions(drift->old_json));
      continue;
    }
    if (drift && drift->change == v1::Drift::ADDED) continue;
    v1::Definition& definition = *served.add_definitions();
    definition.set_kind(static_cast<v1::DefinitionKind::Value>(item.kind));
    definition.set_name(item.name);
    definition.set_hash(drift ? drift->old_hash : item.hash);
    definition.set_json(drift ? drift->old_json : item.json);
  }
  return served;
}

std::vector<v1::DriftItem> ToDriftItems(std::span<const StoredDrift> drift) {
  const std::map<Key, std::string> renames = FindRenames(drift);
  std::vector<v1::DriftItem> items;
  for (const StoredDrift& stored : drift) {
    v1::DriftItem& item = items.emplace_back();
    item.set_kind(static_cast<v1::DefinitionKind::Value>(stored.kind));
    item.set_name(stored.name);
    item.set_change(static_cast<v1::Drift::Change>(stored.change));
    item.set_state(static_cast<v1::Drift::State>(stored.state));
    item.set_since_ms(stored.since_ms);
    if (!stored.old_hash.empty())
      FillDefinition(stored, stored.old_hash, stored.old_json, *item.mutable_accepted());
    if (!stored.new_hash.empty())
      FillDefinition(stored, stored.new_hash, stored.new_json, *item.mutable_offered());
    if (const auto renamed = renames.find(KeyOf(stored));
        IsOpen(stored) && renamed != renames.end())
      item.set_renamed_from(renamed->second);
  }
  return items;
}

}  // namespace registry
