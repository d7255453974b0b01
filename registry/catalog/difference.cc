#include "registry/catalog/difference.h"

#include <algorithm>

#include "base/manifest.h"

namespace registry {
namespace {

using nlohmann::ordered_json;
namespace v1 = portolan::v1;

constexpr std::size_t kMaxValueBytes = 1000;

// How a credential's secret is kept.
constexpr std::string_view kSealed = "/sealed";

bool IsSecret(std::string_view pointer) {
  return pointer.ends_with(kSealed) ||
         (pointer.starts_with("/spec/endpoint/stdio/env/") && pointer.ends_with("/value")) ||
         pointer.ends_with("/sha256");
}

// A value below which a secret lies is told field by field.
bool HoldsSecrets(std::string_view pointer) {
  return std::string_view("/spec/endpoint/stdio/env/").starts_with(pointer) ||
         pointer.starts_with("/spec/endpoint/stdio/env/");
}

// As writers know the field.
std::string Told(std::string_view pointer) {
  if (!pointer.ends_with(kSealed)) return std::string(pointer);
  return std::string(pointer.substr(0, pointer.size() - kSealed.size())) + "/value";
}

class Comparison {
 public:
  enum class Depth { kWhereItDiffers, kEachField };
  Comparison(Depth depth, std::size_t at_most)
      : each_field_(depth == Depth::kEachField), at_most_(at_most) {}

  // Null: not there.
  void Compare(const std::string& pointer, const ordered_json* before, const ordered_json* after) {
    if (changes_.size() >= at_most_ || (before && after && *before == *after)) return;
    const ordered_json& some = before ? *before : *after;
    const bool same_shape = before && after && before->type() == after->type();
    if (some.is_object() && (same_shape || each_field_ || HoldsSecrets(pointer))) {
      return CompareMembers(pointer, before, after);
    }
    if (some.is_array() && (same_shape || each_field_ || HoldsSecrets(pointer))) {
      return CompareElements(pointer, before, after);
    }
    v1::FieldChange& change = changes_.emplace_back();
    change.set_pointer(Told(pointer));
    if (before) change.set_before_json(Text(pointer, *before));
    if (after) change.set_after_json(Text(pointer, *after));
  }

  std::vector<v1::FieldChange> Take() { return std::move(changes_); }

 private:
  static const ordered_json* Member(const ordered_json* tree, const std::string& key) {
    if (!tree || !tree->is_object()) return nullptr;
    const auto found = tree->find(key);
    return found == tree->end() ? nullptr : &*found;
  }
  static const ordered_json* Element(const ordered_json* tree, std::size_t index) {
    return tree && tree->is_array() && index < tree->size() ? &(*tree)[index] : nullptr;
  }

  void CompareMembers(const std::string& pointer, const ordered_json* before,
                      const ordered_json* after) {
    if (before && before->is_object()) {
      for (const auto& [key, value] : before->items())
        Compare(base::PointerTo(pointer, key), &value, Member(after, key));
    }
    if (!after || !after->is_object()) return;
    for (const auto& [key, value] : after->items()) {
      if (!Member(before, key)) Compare(base::PointerTo(pointer, key), nullptr, &value);
    }
  }
  void CompareElements(const std::string& pointer, const ordered_json* before,
                       const ordered_json* after) {
    const std::size_t size = std::max(before && before->is_array() ? before->size() : 0,
                                      after && after->is_array() ? after->size() : 0);
    for (std::size_t i = 0; i < size; ++i)
      Compare(base::PointerTo(pointer, i), Element(before, i), Element(after, i));
  }

  static std::string Text(const std::string& pointer, const ordered_json& value) {
    if (IsSecret(pointer)) return "\"***\"";
    std::string text = value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    if (text.size() <= kMaxValueBytes) return text;
    std::size_t end = kMaxValueBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end) + "…";
  }

  const bool each_field_;
  const std::size_t at_most_;
  std::vector<v1::FieldChange> changes_;
};

ordered_json SpecOf(const v1::Resource& resource) {
  ordered_json tree = base::Print(resource, base::Spelling::kSnakeCase);
  return tree.contains("spec") ? std::move(tree["spec"]) : ordered_json::object();
}

}  // namespace

std::vector<v1::FieldChange> Difference(const v1::Resource& before, const v1::Resource& after,
                                        std::size_t at_most) {
  const ordered_json old_spec = SpecOf(before);
  const ordered_json new_spec = SpecOf(after);
  const bool secrets = before.has_credential() || after.has_credential();
  Comparison comparison(
      secrets ? Comparison::Depth::kEachField : Comparison::Depth::kWhereItDiffers, at_most);
  comparison.Compare("/spec", &old_spec, &new_spec);
  return comparison.Take();
}

}  // namespace registry
