#include "registry/backup/backup_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/auth/sealed_stream.h"
#include "registry/backup/format.h"
#include "registry/store/migrations.h"

namespace registry::backup {
namespace {

using base::auth::StreamOpener;
using base::auth::StreamSealer;

base::Error Altered() {
  return base::Fail(base::Code::kDataLoss, "the file was altered or cut off");
}

class FileReader final : public BackupReader {
 public:
  FileReader(std::ifstream file, std::uint64_t bytes, StreamOpener opener)
      : file_(std::move(file)), left_(bytes), opener_(std::move(opener)) {}

  const std::vector<Member>& members() const override { return members_; }
  std::int64_t made_at_ms() const override { return made_at_ms_; }

  base::Result<std::string> Next() override {
    std::string bytes = std::exchange(first_, {});
    if (bytes.empty() && left_ > 0) {
      auto opened = NextChunk();
      if (!opened) return opened;
      bytes = std::move(*opened);
    }
    if (bytes.size() > expected_) return Altered();
    expected_ -= bytes.size();
    if (bytes.empty() && expected_ > 0) return Altered();
    return bytes;
  }

  base::Result<void> ReadHead() {
    auto chunk = NextChunk();
    if (!chunk) return chunk.error();
    const std::size_t end = chunk->find('\n');
    if (end == std::string::npos || end > kMaxHeadBytes) return Altered();
    const auto head = nlohmann::json::parse(chunk->substr(0, end), nullptr, false);
    if (!head.is_object()) return Altered();
    try {
      const auto schema = head.at("schema").get<std::uint64_t>();
      const auto version = head.at("version").get<std::string>();
      if (schema > Migrations().size()) {
        return base::Fail(base::Code::kFailedPrecondition, "it was made by a newer portolan (" +
                                                               version + "): restore it with that");
      }
      made_at_ms_ = head.at("made_at_ms").get<std::int64_t>();
      for (const auto& member : head.at("files")) {
        members_.push_back({member.at("name"), member.at("bytes")});
        expected_ += members_.back().bytes;
      }
    } catch (const nlohmann::json::exception&) {
      return Altered();
    }
    if (members_.size() != kSecrets.size() + 1 || members_[0].name != kDatabase) return Altered();
    for (std::size_t i = 0; i < kSecrets.size(); ++i) {
      if (members_[i + 1].name != kSecrets[i]) return Altered();
    }
    first_ = chunk->substr(end + 1);
    return {};
  }

 private:
  base::Result<std::string> NextChunk() {
    const std::uint64_t whole = base::auth::kStreamChunkBytes + base::auth::kStreamTagBytes;
    std::string sealed(std::min(left_, whole), '\0');
    if (!file_.read(sealed.data(), static_cast<std::streamsize>(sealed.size())))
      return base::Fail(base::Code::kUnavailable, "the file cannot be read");
    left_ -= sealed.size();
    return opener_.Open(sealed,
                        left_ == 0 ? StreamSealer::Place::kLast : StreamSealer::Place::kMiddle);
  }

  std::ifstream file_;
  std::uint64_t left_;
  StreamOpener opener_;
  std::vector<Member> members_;
  std::int64_t made_at_ms_ = 0;
  // Of the members, in all, not given out yet; and what came behind the head.
  std::uint64_t expected_ = 0;
  std::string first_;
};

}  // namespace

base::Result<std::unique_ptr<BackupReader>> BackupReader::Open(const std::string& file,
                                                               const std::string& passphrase) {
  std::error_code failed;
  const std::uint64_t size = std::filesystem::file_size(file, failed);
  std::ifstream in(file, std::ios::binary);
  if (failed || !in)
    return base::Fail(base::Code::kNotFound,
                      file + ": " + (failed ? failed.message() : "cannot be read"));
  std::string begin(kMagic.size() + base::auth::kStreamHeaderBytes, '\0');
  in.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  if (!in || !begin.starts_with(kMagic))
    return base::Fail(base::Code::kInvalidArgument, file + ": is no backup of portolan's");
  auto opener = StreamOpener::Begin(passphrase, std::string_view(begin).substr(kMagic.size()));
  if (!opener) return opener.error().WithContext(file);
  auto reader =
      std::make_unique<FileReader>(std::move(in), size - begin.size(), std::move(*opener));
  if (const auto ok = reader->ReadHead(); !ok) return ok.error().WithContext(file);
  return std::unique_ptr<BackupReader>(std::move(reader));
}

}  // namespace registry::backup
