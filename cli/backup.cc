// backup, restore: the whole registry in one sealed file, and the way back.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>

#include "base/auth/api_key.h"
#include "base/clock.h"
#include "base/passphrase.h"
#include "base/process.h"
#include "cli/context.h"
#include "cli/failure.h"
#include "cli/progress.h"
#include "cli/verbs.h"

namespace cli {
namespace {

constexpr std::string_view kMagic = "portolan backup ";

// What is replaced must be a backup too: a slip must not cost a database.
bool MayReplace(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return true;
  std::ifstream file(path, std::ios::binary);
  std::string begin(kMagic.size(), '\0');
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return file && begin == kMagic;
}

base::Error SystemError(const std::string& path) {
  return base::Fail(base::Code::kFailedPrecondition,
                    path + ": " + std::error_code(errno, std::generic_category()).message());
}

// Written beside its place, and moved there when it is whole and on the disk.
class Draft {
 public:
  explicit Draft(std::string path)
      : path_(std::move(path)),
        draft_(path_ + "." + base::auth::Hex(base::auth::RandomBytes(4)) + ".new"),
        descriptor_(open(draft_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {}
  ~Draft() {
    if (descriptor_ >= 0) close(descriptor_);
    unlink(draft_.c_str());
  }
  Draft(const Draft&) = delete;

  base::Result<void> Write(std::string_view bytes) {
    if (descriptor_ < 0) return SystemError(draft_);
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return SystemError(draft_);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }
  base::Result<void> Keep() {
    if (fsync(descriptor_) != 0 || std::rename(draft_.c_str(), path_.c_str()) != 0)
      return SystemError(path_);
    return {};
  }

 private:
  const std::string path_;
  const std::string draft_;
  const int descriptor_;
};

Progress::Place PlaceOf(const Context& context) {
  if (context.options().quiet) return Progress::Place::kNowhere;
  return isatty(STDERR_FILENO) ? Progress::Place::kTerminal : Progress::Place::kFile;
}

Exit Backup(Context& context, const std::string& file) {
  Printer& printer = context.printer();
  if (!MayReplace(file)) {
    return printer.Fail({Exit::kUsage, "backup", file + " is there and is no backup",
                         "name another file, or remove it first"});
  }
  const auto passphrase = base::ReadPassphrase(base::Asked::kTwice);
  if (!passphrase) return printer.Fail({Exit::kUsage, "backup", passphrase.error().message, ""});
  v1::BackupRequest request;
  request.set_passphrase(*passphrase);
  const base::SystemClock clock;
  std::optional<Progress> progress;
  std::uint64_t total = 0, done = 0;
  Draft draft(file);
  base::Result<void> written = draft.Write({});
  if (!written) return printer.Fail({Exit::kFailed, "write", written.error().message, ""});
  const auto made = context.registry().Backup(request, [&](const v1::BackupResponse& piece) {
    if (!progress) {
      total = static_cast<std::uint64_t>(piece.total_bytes());
      progress.emplace(std::cerr, PlaceOf(context), "KiB", total / 1024, clock);
    }
    written = draft.Write(piece.data());
    done += piece.data().size();
    progress->Reach(done / 1024);
    return written.has_value();
  });
  progress.reset();
  if (!written) return printer.Fail({Exit::kFailed, "write", written.error().message, ""});
  if (!made) return printer.Fail(FailureFrom(made.error(), "backup"));
  if (done != total || total == 0)
    return printer.Fail(
        {Exit::kUnreachable, "backup", "the registry stopped in the middle", "try again"});
  if (const auto kept = draft.Keep(); !kept)
    return printer.Fail({Exit::kFailed, "write", kept.error().message, ""});
  printer.One({{"file", file}, {"bytes", done}}, file, [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") + " " + file + "   " +
                WithCommas(static_cast<std::int64_t>(done)) + " bytes, sealed with the passphrase");
    printer.Say("  back   portolan restore " + file + " --data DIR");
  });
  return Exit::kOk;
}

// Done by the registry's program, which knows the store.
Exit Restore(Context& context, const std::string& file) {
  const std::string program = base::ProgramFolder() + "/portolan-registry";
  const char* words[] = {program.c_str(),        "restore", file.c_str(), "--data",
                         context.data().c_str(), nullptr};
  execv(program.c_str(), const_cast<char**>(words));
  return context.printer().Fail({Exit::kUnreachable, "restore", "cannot start " + program,
                                 "build or install it beside portolan"});
}

}  // namespace

void AddBackup(Verbs& verbs) {
  const auto to = std::make_shared<std::string>();
  verbs
      .Add("backup",
           "Everything the registry keeps in one file, sealed with a passphrase, while it runs",
           "PORTOLAN_PASSPHRASE=... portolan backup portolan.backup",
           [to](Context& context) { return Backup(context, *to); })
      .Word("file", *to, "FILE",
            "Where to; one that is a backup is replaced when the new one is whole");

  const auto from = std::make_shared<std::string>();
  verbs
      .Add("restore", "A new data directory from a backup",
           "portolan restore portolan.backup --data DIR",
           [from](Context& context) { return Restore(context, *from); })
      .Word("file", *from, "FILE", "What portolan backup has written");
}

}  // namespace cli
