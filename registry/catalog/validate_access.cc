// Tokens, identity providers and role bindings.
#include "policy/identity_provider.h"
#include "registry/catalog/names.h"
#include "registry/catalog/validate.h"

namespace registry {
namespace {

namespace v1 = portolan::v1;

constexpr int kMaxNamespaces = 256;
constexpr int kMaxSubjects = 256;
constexpr std::size_t kMaxSubjectBytes = 256;
constexpr std::size_t kHashBytes = 32;

bool IsSubject(std::string_view subject) {
  const std::size_t colon = subject.find(':');
  if (colon == subject.npos || subject.size() > kMaxSubjectBytes) return false;
  const std::string_view of = subject.substr(0, colon);
  const std::string_view name = subject.substr(colon + 1);
  if (of == "token") return IsLabel(name);
  const std::size_t slash = name.find('/');
  const bool both = slash != name.npos && slash > 0 && slash + 1 < name.size();
  return (of == "group" && both) || (of == "principal" && !name.empty());
}

}  // namespace

base::Result<void> ValidateToken(std::string_view name, const v1::Token& token) {
  if (!IsLabel(name)) {
    return FieldError("/name",
                      "must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit");
  }
  // The admin token of the data directory has this one.
  if (name == "admin") return FieldError("/name", "'admin' is reserved");
  if (token.description().size() > 4096)
    return FieldError("/spec/description", "at most 4,096 bytes");
  // Empty: as it is (exports leave it out).
  if (!token.sha256().empty() && token.sha256().size() != kHashBytes)
    return FieldError("/spec/sha256", "must have 32 bytes");
  if (token.expires_at_ms() < 0) return FieldError("/spec/expires_at_ms", "must not be negative");
  return {};
}

base::Result<void> ValidateIdentityProvider(std::string_view name,
                                            const v1::IdentityProvider& provider) {
  if (!IsLabel(name)) {
    return FieldError("/name",
                      "must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit");
  }
  // NAME/SUBJECT would be one of our own principals.
  for (const std::string_view own : {"admin", "anonymous", "consumer", "gateway", "token"}) {
    if (name == own) return FieldError("/name", "'" + std::string(own) + "' is reserved");
  }
  return policy::Validate(provider);
}

base::Result<void> ValidateRoleBinding(const v1::RoleBinding& binding) {
  if (binding.role() == v1::Role::UNSPECIFIED) return FieldError("/spec/role", "is missing");
  if (binding.namespaces_size() > kMaxNamespaces)
    return FieldError("/spec/namespaces", "at most 256");
  for (int i = 0; i < binding.namespaces_size(); ++i) {
    if (IsNamespacePattern(binding.namespaces(i))) continue;
    return FieldError("/spec/namespaces/" + std::to_string(i),
                      "must be a namespace (io.github.acme), with '.*' behind it for those below");
  }
  if (binding.subjects_size() == 0) return FieldError("/spec/subjects", "is missing");
  if (binding.subjects_size() > kMaxSubjects) return FieldError("/spec/subjects", "at most 256");
  for (int i = 0; i < binding.subjects_size(); ++i) {
    if (IsSubject(binding.subjects(i))) continue;
    return FieldError("/spec/subjects/" + std::to_string(i),
                      "must be token:NAME, group:PROVIDER/GROUP or principal:ID");
  }
  return {};
}

}  // namespace registry
