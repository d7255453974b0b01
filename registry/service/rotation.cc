#include "registry/service/rotation.h"

#include "base/auth/api_key.h"
#include "base/auth/secret_file.h"
#include "base/log.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/vault.h"
#include "registry/store/store.h"

namespace registry {
namespace {

namespace v1 = portolan::v1;

constexpr std::size_t kKeyBytes = 32;

v1::AuditRecord RecordOf(const Writer& writer) {
  v1::AuditRecord record;
  record.set_principal(writer.principal.id);
  record.set_authentication(std::string(writer.principal.authentication));
  record.set_address(std::string(writer.address));
  record.set_face(std::string(writer.face));
  record.set_action(v1::AuditAction::CHANGED);
  record.set_kind("MasterKey");
  return record;
}

}  // namespace

base::Result<std::int64_t> Rotation::Rotate(const Writer& writer) {
  if (master_.file.empty()) {
    return base::Fail(base::Code::kFailedPrecondition,
                      "the master key comes from the environment: set PORTOLAN_MASTER_KEY to the "
                      "new one and PORTOLAN_MASTER_KEY_BEFORE to the old one, and restart");
  }
  const std::string key = base::auth::RandomBytes(kKeyBytes);
  const std::filesystem::path next = MasterKey::NextTo(master_.file);
  const auto noted = base::auth::WriteSecretFile(next, MasterKey::Text(key));
  if (noted.has_error()) return noted.error();
  vault_.UseKeys({key, master_.key});
  const auto resealed = Reseal(writer);
  std::error_code ignored;
  if (resealed.has_error()) {
    vault_.UseKeys({master_.key});
    std::filesystem::remove(next, ignored);
    return resealed.error();
  }
  master_.key = key;
  const auto kept = base::auth::WriteSecretFile(master_.file, MasterKey::Text(key));
  if (kept.has_error()) {
    // The next start finds it beside, and puts it in its place.
    spdlog::error("the new master key stays in {}: {}", next.string(), kept.error().message);
  } else {
    std::filesystem::remove(next, ignored);
  }
  vault_.UseKeys({key});
  spdlog::info("master key changed, {} values sealed anew", *resealed);
  return resealed;
}

base::Result<std::int64_t> Rotation::EndFromEnvironment(const Writer& writer) {
  if (master_.before.empty()) return std::int64_t{0};
  const auto resealed = Reseal(writer);
  if (resealed.has_error()) return resealed.error();
  master_.before.clear();
  vault_.UseKeys({master_.key});
  spdlog::info("master key changed, {} values sealed anew; PORTOLAN_MASTER_KEY_BEFORE may go",
               *resealed);
  return resealed;
}

base::Result<std::int64_t> Rotation::Reseal(const Writer& writer) {
  std::int64_t values = 0;
  const auto credentials =
      catalog_.ResealCredentials(writer, [&](Transaction& store) -> base::Result<void> {
        values = 0;
        const auto sealed = store.Values("sealed/");
        if (sealed.has_error()) return sealed.error();
        for (const auto& [name, value] : *sealed) {
          const auto anew = vault_.ResealValue(value, name);
          if (anew.has_error()) return anew.error();
          if (const auto put = store.PutValue(name, *anew); put.has_error()) return put.error();
          ++values;
        }
        return AppendAudit(store, RecordOf(writer), clock_.UnixMillis());
      });
  if (credentials.has_error()) return credentials.error();
  return *credentials + values;
}

}  // namespace registry
