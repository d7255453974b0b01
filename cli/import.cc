// import: lists of server.json documents, as registries publish them, into the catalog.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "base/json.h"
#include "cli/context.h"
#include "cli/jsonc.h"
#include "cli/progress.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::ordered_json;
using Result = v1::ImportResponse::Result;

constexpr std::uintmax_t kMaxFileBytes = 512 * 1024 * 1024;
// What one transaction writes: others get their turn in between.
constexpr int kBatchEntries = 25;
constexpr std::size_t kBatchBytes = 1024 * 1024;
constexpr char kOfficial[] = "io.modelcontextprotocol.registry/official";

struct Arguments {
  std::string file;
  bool dry_run = false;
};

// One document of the file.
struct Entry {
  // Of the document in the file: `/servers/3/server`.
  std::string pointer;
  std::size_t line = 0;
  Span document;
  v1::VersionStatus::State status = v1::VersionStatus::UNSPECIFIED;
  std::string status_message;
};

std::string TextOf(const ordered_json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

class ServerList {
 public:
  explicit ServerList(std::string text) : text_(std::move(text)) {}

  // A list, a registry's answer with `servers`, the same under `data`, or one document.
  base::Result<void> Read() {
    const auto root = ParseJsonc(text_, kMaxFileBytes);
    if (!root) return root.error();
    if (root->type == JsoncValue::Type::kArray) {
      AddAll(*root, "");
    } else if (const JsoncValue* servers = root->Find("servers"); IsList(servers)) {
      AddAll(*servers, "/servers");
    } else if (const JsoncValue* data = root->Find("data"); data && IsList(data->Find("servers"))) {
      AddAll(*data->Find("servers"), "/data/servers");
    } else if (root->is_object()) {
      Add(*root, "");
    } else {
      return base::Fail(base::Code::kInvalidArgument,
                        "is neither a list of server.json documents nor one of them");
    }
    return {};
  }

  const std::vector<Entry>& entries() const { return entries_; }
  std::string TextAt(const Entry& entry) const {
    return text_.substr(entry.document.begin, entry.document.end - entry.document.begin);
  }

 private:
  static bool IsList(const JsoncValue* value) {
    return value && value->type == JsoncValue::Type::kArray;
  }
  void AddAll(const JsoncValue& list, const std::string& pointer) {
    for (std::size_t i = 0; i < list.elements.size(); ++i)
      Add(list.elements[i], base::PointerTo(pointer, i));
  }
  // A server.json, or one with what its registry says of it beside: {server, _meta}.
  void Add(const JsoncValue& value, const std::string& pointer) {
    Entry entry;
    const JsoncValue* server = value.Find("server");
    const bool wrapped = server && server->is_object();
    entry.pointer = wrapped ? pointer + "/server" : pointer;
    entry.document = wrapped ? server->span : value.span;
    // In order, so that each byte is looked at once.
    line_ += static_cast<std::size_t>(
        std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                   text_.begin() + static_cast<std::ptrdiff_t>(value.span.begin), '\n'));
    counted_ = value.span.begin;
    entry.line = line_;
    if (const JsoncValue* meta = wrapped ? value.Find("_meta") : nullptr) {
      if (const JsoncValue* official = meta->Find(kOfficial)) {
        const ordered_json told = ToJson(text_, *official);
        const std::string status = told.is_object() ? TextOf(told, "status") : "";
        if (status == "deprecated") entry.status = v1::VersionStatus::DEPRECATED;
        if (status == "deleted") entry.status = v1::VersionStatus::DELETED;
        if (status == "active") entry.status = v1::VersionStatus::ACTIVE;
        if (told.is_object() && entry.status != v1::VersionStatus::UNSPECIFIED &&
            entry.status != v1::VersionStatus::ACTIVE) {
          entry.status_message = TextOf(told, "statusMessage");
        }
      }
    }
    entries_.push_back(std::move(entry));
  }

  const std::string text_;
  std::vector<Entry> entries_;
  std::size_t line_ = 1;
  std::size_t counted_ = 0;
};

base::Result<std::string> ReadText(const std::string& path) {
  const auto fail = [&](const std::string& sentence) {
    return base::Fail(base::Code::kInvalidArgument, sentence);
  };
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return fail(error.message());
  if (size > kMaxFileBytes) return fail("longer than 512 MiB");
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) return fail("cannot be read");
  return text;
}

struct Counts {
  std::int64_t created = 0;
  std::int64_t changed = 0;
  std::int64_t unchanged = 0;
  std::int64_t refused = 0;

  std::int64_t taken() const { return created + changed + unchanged; }
  void Count(const Result& result) {
    switch (result.outcome()) {
      case v1::Outcome::CREATED: ++created; break;
      case v1::Outcome::CHANGED: ++changed; break;
      case v1::Outcome::UNCHANGED: ++unchanged; break;
      default: ++refused;
    }
  }
};

std::string OutcomeName(const Result& result) {
  if (result.outcome() == v1::Outcome::UNSPECIFIED) return "refused";
  std::string name = v1::Outcome::Value_Name(result.outcome());
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return name;
}

class Import {
 public:
  Import(Context& context, const Arguments& arguments, const ServerList& list)
      : context_(context), arguments_(arguments), list_(list) {}

  Exit Run() {
    Printer& printer = context_.printer();
    const auto place = context_.options().quiet ? Progress::Place::kNowhere
                       : isatty(STDERR_FILENO)  ? Progress::Place::kTerminal
                                                : Progress::Place::kFile;
    {
      Progress progress(std::cerr, place, "entries", list_.entries().size(), clock_);
      for (std::size_t begin = 0; begin < list_.entries().size();) {
        const auto end = SendFrom(begin);
        if (!end) {
          Failure failure = FailureFrom(end.error(), "import");
          failure.next = WithCommas(counts_.taken()) +
                         " were taken; import the file again, what is there stays as it is";
          return printer.Fail(failure);
        }
        begin = *end;
        progress.Reach(begin);
      }
    }
    for (const std::string& refusal : refusals_)
      (void)printer.Fail({Exit::kUsage, "refused", refusal, ""});
    const std::string would = arguments_.dry_run ? " would be" : "";
    printer.Did(printer.Paint(counts_.taken() > 0 ? Tone::kGood : Tone::kBad,
                              counts_.taken() > 0 ? "✓" : "✗") +
                " " + WithCommas(counts_.taken()) + would +
                " taken: " + WithCommas(counts_.created) + " created, " +
                WithCommas(counts_.changed) + " changed, " + WithCommas(counts_.unchanged) +
                " unchanged   " + WithCommas(counts_.refused) + " refused");
    return counts_.taken() > 0 || list_.entries().empty() ? Exit::kOk : Exit::kUsage;
  }

 private:
  // Returns the first entry that has not been sent.
  base::Result<std::size_t> SendFrom(std::size_t begin) {
    v1::ImportRequest request;
    request.set_dry_run(arguments_.dry_run);
    std::size_t end = begin;
    std::size_t bytes = 0;
    while (end < list_.entries().size() && request.entries_size() < kBatchEntries &&
           bytes < kBatchBytes) {
      const Entry& entry = list_.entries()[end++];
      auto& sent = *request.add_entries();
      // A document that no registry could hold is not carried there to be told so.
      if (std::string text = list_.TextAt(entry); text.size() <= kBatchBytes)
        sent.set_server_json(std::move(text));
      sent.set_status(entry.status);
      sent.set_status_message(entry.status_message);
      bytes += sent.server_json().size();
    }
    auto imported = context_.registry().Import(request);
    if (!imported) return imported.error();
    for (int i = 0; i < imported->results_size(); ++i)
      Tell(list_.entries()[begin + static_cast<std::size_t>(i)], imported->results(i));
    return end;
  }

  void Tell(const Entry& entry, const Result& result) {
    counts_.Count(result);
    const bool refused = result.outcome() == v1::Outcome::UNSPECIFIED;
    const std::string name =
        result.version().empty() ? result.server() : result.server() + "@" + result.version();
    // The reason begins with the pointer inside the document.
    const std::string reason = entry.document.end - entry.document.begin > kBatchBytes
                                   ? entry.pointer + ": longer than 1 MiB"
                                   : entry.pointer + result.reason();
    if (refused) {
      refusals_.push_back(arguments_.file + ":" + std::to_string(entry.line) + "   " +
                          (name.empty() ? "(no name)" : name) + "   " + reason);
    }
    if (context_.printer().for_people()) return;
    ordered_json tree = {{"server", result.server()},
                         {"version", result.version()},
                         {"outcome", OutcomeName(result)}};
    if (refused) tree["reason"] = reason;
    if (context_.printer().format() != Format::kName || !refused)
      context_.printer().Add({}, {{}, name, std::move(tree), ""});
  }

  Context& context_;
  const Arguments& arguments_;
  const ServerList& list_;
  const base::SystemClock clock_;
  Counts counts_;
  std::vector<std::string> refusals_;
};

Exit RunImport(Context& context, const Arguments& arguments) {
  Printer& printer = context.printer();
  auto text = ReadText(arguments.file);
  if (!text) {
    return printer.Fail({Exit::kUsage, "read", arguments.file + ": " + text.error().message, ""});
  }
  ServerList list(std::move(*text));
  if (const auto read = list.Read(); !read) {
    return printer.Fail(
        {Exit::kUsage, "read", arguments.file + ": " + read.error().message, "nothing was taken"});
  }
  return Import(context, arguments, list).Run();
}

}  // namespace

void AddImport(Verbs& verbs) {
  auto arguments = std::make_shared<Arguments>();
  verbs
      .Add("import", "Take a list of server.json documents into the catalog",
           "portolan import servers.json --dry-run",
           [arguments](Context& context) { return RunImport(context, *arguments); })
      .Word("file", arguments->file, "FILE",
            "A list, a registry's answer ({servers: [...]}), or one document; `-` for stdin")
      .Flag("--dry-run", arguments->dry_run, "Say what would be taken, take nothing");
}

}  // namespace cli
