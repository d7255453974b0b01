// apply, export: the catalog as files.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "base/manifest.h"
#include "base/yaml.h"
#include "cli/context.h"
#include "cli/verbs.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr std::uintmax_t kMaxFileBytes = 16 * 1024 * 1024;

struct ApplyArguments {
  std::vector<std::string> files;
  bool dry_run = false;
};

base::Result<std::string> ReadText(const std::string& path) {
  auto fail = [&](const std::string& sentence) {
    return base::Fail(base::Code::kInvalidArgument, path + ": " + sentence);
  };
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
    return text;
  }
  std::error_code error;
  std::uintmax_t size = fs::file_size(path, error);
  if (error) return fail(error.message());
  if (size > kMaxFileBytes) return fail("longer than 16 MiB");
  std::ifstream file(path, std::ios::binary);
  text.assign(std::istreambuf_iterator<char>(file), {});
  if (!file) return fail("cannot be read");
  return text;
}

// The file itself, or the YAML and JSON files of a folder, by name.
std::vector<std::string> FilesOf(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
    auto extension = entry.path().extension();
    if (extension == ".yaml" || extension == ".yml" || extension == ".json")
      files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

base::Result<void> ReadResources(const std::string& path, v1::ApplyRequest& request) {
  auto text = ReadText(path);
  if (!text) return text.error();
  auto documents = base::ParseYamlDocuments(*text);
  if (!documents) return documents.error().WithContext(path);
  for (std::size_t i = 0; i < documents->size(); ++i) {
    if (auto read = base::ReadJson((*documents)[i], *request.add_resources()); !read) {
      std::string where =
          documents->size() > 1 ? path + ", document " + std::to_string(i + 1) : path;
      return read.error().WithContext(where);
    }
  }
  return {};
}

Exit Apply(Context& context, const ApplyArguments& arguments) {
  Printer& printer = context.printer();
  v1::ApplyRequest request;
  request.set_dry_run(arguments.dry_run);
  for (const std::string& path : arguments.files) {
    for (const std::string& file : FilesOf(path)) {
      if (auto read = ReadResources(file, request); !read) {
        return printer.Fail({Exit::kUsage, "read", read.error().message, "nothing was written"});
      }
    }
  }
  if (request.resources().empty()) {
    return printer.Fail({Exit::kUsage, "read", "no resources in what was given",
                         "a resource is {kind, name, spec}"});
  }
  auto applied = context.registry().Apply(request);
  if (!applied) {
    Failure failure = FailureFrom(applied.error(), "apply");
    if (failure.next.empty()) failure.next = "nothing was written: it is all or none";
    return printer.Fail(failure);
  }
  std::vector<Row> rows;
  for (const auto& result : applied->results()) {
    std::string outcome = v1::Outcome::Value_Name(result.outcome());
    std::transform(outcome.begin(), outcome.end(), outcome.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    Row row;
    row.name = result.name();
    row.tree = base::Print(result, base::Spelling::kSnakeCase);
    row.cells = {{outcome, result.outcome() == v1::Outcome::UNCHANGED ? Tone::kFaint : Tone::kGood},
                 {result.kind()},
                 {result.name(), Tone::kStrong},
                 {result.revision() ? std::to_string(result.revision()) : "–"}};
    rows.push_back(std::move(row));
  }
  printer.List(
      {{arguments.dry_run ? "WOULD BE" : "OUTCOME"}, {"KIND"}, {"NAME"}, {"REVISION", true}}, rows,
      "");
  return Exit::kOk;
}

// Keys are left out: their hashes are told to gateways only.
const std::vector<std::string> kExported = {"Server", "ServerVersion", "Consumer", "PolicySet"};

Exit Export(Context& context, const std::vector<std::string>& only) {
  Printer& printer = context.printer();
  const std::vector<std::string>& kinds = only.empty() ? kExported : only;
  for (const std::string& kind : kinds) {
    v1::ListRequest request;
    request.set_kind(kind);
    auto resources = context.registry().List(request);
    if (!resources) return printer.Fail(FailureFrom(resources.error(), "export"));
    for (v1::Resource& resource : *resources) {
      resource.clear_revision();
      resource.clear_created_at_ms();
      resource.clear_updated_at_ms();
      ordered_json tree = base::Print(resource, base::Spelling::kSnakeCase);
      if (printer.format() == Format::kJson || printer.format() == Format::kName) {
        printer.Add({}, {{}, resource.name(), std::move(tree), ""});
      } else {
        printer.out() << "---\n" << base::WriteYaml(tree);
      }
    }
  }
  return Exit::kOk;
}

}  // namespace

void AddManifests(Verbs& verbs) {
  auto apply = std::make_shared<ApplyArguments>();
  verbs
      .Add("apply", "Write resources from files, all or none", "portolan apply -f conf/ --dry-run",
           [apply](Context& context) { return Apply(context, *apply); })
      .Options("-f,--file", apply->files, "FILE",
               "YAML or JSON; a folder; `-` for stdin; may be repeated", Verb::Need::kRequired)
      .Flag("--dry-run", apply->dry_run, "Say what would change, change nothing");

  auto kinds = std::make_shared<std::vector<std::string>>();
  verbs
      .Add("export", "The catalog as files that apply reads; applying them again changes nothing",
           "portolan export > all.yaml",
           [kinds](Context& context) { return Export(context, *kinds); })
      .Options("--kind", *kinds, "KIND", "Only this kind; may be repeated");
}

}  // namespace cli
