#include "registry/service/maintenance_service.h"

#include "base/log.h"
#include "registry/backup/backup_source.h"

namespace registry {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

// Free again when it is destroyed.
class Turn {
 public:
  explicit Turn(std::atomic<bool>& busy) : busy_(busy), mine_(!busy.exchange(true)) {}
  ~Turn() {
    if (mine_) busy_ = false;
  }
  Turn(const Turn&) = delete;
  bool mine() const { return mine_; }

 private:
  std::atomic<bool>& busy_;
  const bool mine_;
};

class BackupStream final : public Stream {
 public:
  BackupStream(std::unique_ptr<Turn> turn, std::unique_ptr<backup::BackupSource> source)
      : turn_(std::move(turn)), source_(std::move(source)) {}

  base::Result<State> Next(google::protobuf::Message& out) override {
    auto& response = static_cast<v1::BackupResponse&>(out);
    std::string& data = *response.mutable_data();
    while (data.size() < kPieceBytes) {
      const auto bytes = source_->Next();
      if (bytes.has_error()) return bytes.error();
      if (bytes->empty()) break;
      data += *bytes;
    }
    if (data.empty()) return State::kEnd;
    if (!told_) response.set_total_bytes(static_cast<std::int64_t>(source_->total_bytes()));
    told_ = true;
    return State::kMessage;
  }

 private:
  const std::unique_ptr<Turn> turn_;
  const std::unique_ptr<backup::BackupSource> source_;
  bool told_ = false;
};

}  // namespace

base::Result<std::unique_ptr<Stream>> MaintenanceService::Backup(const Caller& caller,
                                                                 const v1::BackupRequest& request,
                                                                 Wake) {
  auto turn = std::make_unique<Turn>(busy_);
  if (!turn->mine())
    return base::Fail(base::Code::kAborted,
                      "another backup is being made; try again when it is done");
  v1::AuditRecord record;
  record.set_principal(caller.principal.id);
  record.set_authentication(std::string(caller.principal.authentication));
  record.set_address(caller.address);
  record.set_face(std::string(caller.face));
  record.set_action(v1::AuditAction::CREATED);
  record.set_kind("Backup");
  auto source = backup::BackupSource::Open(store_, data_, request.passphrase(), clock_,
                                           rotation_.master_key());
  if (source.has_error()) return source.error();
  // Before its first byte leaves.
  if (const auto ok = audit_.Append(std::move(record)); ok.has_error()) return ok.error();
  spdlog::info("backup principal={} bytes={}", caller.principal.id, (*source)->total_bytes());
  return std::make_unique<BackupStream>(std::move(turn), std::move(*source));
}

base::Result<v1::RotateMasterKeyResponse> MaintenanceService::RotateMasterKey(
    const Caller& caller, const v1::RotateMasterKeyRequest&) {
  const Turn turn(busy_);
  if (!turn.mine()) {
    return base::Fail(
        base::Code::kAborted,
        "a backup is being made, or another change of keys; try again when it is done");
  }
  const auto resealed = rotation_.Rotate(caller.writer());
  if (resealed.has_error()) return resealed.error();
  v1::RotateMasterKeyResponse response;
  response.set_resealed(*resealed);
  return response;
}

}  // namespace registry
