// export: the catalog as files that apply reads.
#include <algorithm>
#include <memory>

#include "base/manifest.h"
#include "base/yaml.h"
#include "cli/context.h"
#include "cli/secrets.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::ordered_json;

// `***`: apply leaves such a value as it is.
constexpr char kMasked[] = "***";

struct Kind {
  std::string name;
  // Proved by a hash that no file holds, so that no file can make one.
  bool hashed = false;
};

// Every kind of the contract.
std::vector<Kind> AllKinds() {
  std::vector<Kind> kinds;
  const auto* spec = v1::Resource::descriptor()->FindOneofByName("spec");
  for (int i = 0; i < spec->field_count(); ++i) {
    const auto* message = spec->field(i)->message_type();
    kinds.push_back({message->name(), message->FindFieldByName("sha256") != nullptr});
  }
  return kinds;
}

void LeaveOutWhatFilesDoNotHold(v1::Resource& resource) {
  resource.clear_revision();
  resource.clear_created_at_ms();
  resource.clear_updated_at_ms();
  if (resource.has_server()) {
    resource.mutable_server()->clear_ending_since_ms();
    resource.mutable_server()->clear_held_reason();
  }
  if (!resource.server().endpoint().has_stdio()) return;
  for (auto& variable :
       *resource.mutable_server()->mutable_endpoint()->mutable_stdio()->mutable_env()) {
    const bool secret = IsSecretName(variable.name()) || IsSecretValue(variable.value());
    if (secret && !variable.value().empty() && !HasPlaceholder(variable.value()))
      variable.set_value(kMasked);
  }
}

base::Result<std::vector<std::string>> KindsOf(const std::vector<std::string>& words) {
  const std::vector<Kind> all = AllKinds();
  std::vector<std::string> kinds;
  if (words.empty()) {
    for (const Kind& kind : all) {
      if (!kind.hashed) kinds.push_back(kind.name);
    }
    return kinds;
  }
  const auto lower = [](std::string word) {
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return word;
  };
  for (const std::string& word : words) {
    const auto found = std::find_if(
        all.begin(), all.end(), [&](const Kind& kind) { return lower(kind.name) == lower(word); });
    if (found == all.end()) {
      std::string names;
      for (const Kind& kind : all) names += (names.empty() ? "" : ", ") + kind.name;
      return base::Fail(base::Code::kInvalidArgument,
                        "there is no kind '" + word + "'; there are " + names);
    }
    kinds.push_back(found->name);
  }
  return kinds;
}

Exit Export(Context& context, const std::vector<std::string>& words) {
  Printer& printer = context.printer();
  const auto kinds = KindsOf(words);
  if (!kinds) return printer.Fail({Exit::kUsage, "usage", kinds.error().message, ""});
  for (const std::string& kind : *kinds) {
    v1::ListRequest request;
    request.set_kind(kind);
    auto resources = context.registry().List(request);
    if (!resources) return printer.Fail(FailureFrom(resources.error(), "export"));
    for (v1::Resource& resource : *resources) {
      LeaveOutWhatFilesDoNotHold(resource);
      ordered_json tree = base::Print(resource, base::Spelling::kSnakeCase);
      if (printer.format() == Format::kJson || printer.format() == Format::kName) {
        printer.Add({}, {{}, resource.name(), std::move(tree), ""});
      } else {
        printer.out() << "---\n" << base::WriteYaml(tree);
      }
    }
  }
  printer.out().flush();
  return Exit::kOk;
}

}  // namespace

void AddExport(Verbs& verbs) {
  auto kinds = std::make_shared<std::vector<std::string>>();
  verbs
      .Add("export", "The catalog as files that apply reads; applying them again changes nothing",
           "portolan export > all.yaml\n"
           "  portolan export server policyset -o json",
           [kinds](Context& context) { return Export(context, *kinds); })
      .Words("kind", *kinds, "KIND", "Only these; without any, all that a file can make",
             Verb::Need::kOptional);
}

}  // namespace cli
