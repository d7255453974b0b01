// What a resource says of others: the one table behind "must exist", "what leans on it" and
// ListDependencies. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "portolan/v1/resource.pb.h"

namespace registry {

struct Reference {
  // Of the other.
  std::string kind;
  std::string name;
  // The field that says so, for an error: `/spec/attach/server`.
  std::string pointer;
  // What the resource is to the other: `is attached to it`.
  std::string_view relation;
  // Refused while the other is not there; else it may come later, or be gone.
  bool must_exist = false;

  friend bool operator==(const Reference&, const Reference&) = default;
};

std::vector<Reference> ReferencesOf(const portolan::v1::Resource& resource);

// The kinds whose resources may refer to one of `kind`.
std::vector<std::string_view> KindsReferringTo(std::string_view kind);

}  // namespace registry
