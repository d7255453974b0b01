#include "registry/service/catalog_import.h"

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/json.h"
#include "registry/catalog/validate.h"
#include "registry/import/current_version.h"
#include "registry/import/resources.h"
#include "registry/import/server_json.h"

namespace registry {
namespace {

using nlohmann::json;
using Entry = v1::ImportRequest::Entry;

constexpr int kAttempts = 10;

// One entry on its way into the catalog.
struct Candidate {
  int index = 0;
  v1::Resource version;
  std::string server;
};

std::string TextOf(const json& document, const char* member) {
  const auto found = document.find(member);
  if (found == document.end() || !found->is_string()) return "";
  return found->get_ref<const std::string&>().substr(0, 256);
}

class Importing {
 public:
  Importing(const Catalog& catalog, const ApplyAs& apply, const v1::ImportRequest& request)
      : catalog_(catalog), apply_(apply), request_(request) {}

  base::Result<v1::ImportResponse> Run() {
    for (int i = 0; i < request_.entries_size(); ++i) {
      response_.add_results();
      if (const auto ok = Take(i); ok.has_error()) return ok.error();
    }
    if (candidates_.empty()) return std::move(response_);
    if (const auto written = Write(); written.has_error()) {
      if (!IsOfAnEntry(written.error())) return written.error();
      if (const auto ok = WriteOneByOne(); ok.has_error()) return ok.error();
    }
    return std::move(response_);
  }

 private:
  // What is wrong with an entry, as opposed to what keeps the registry from writing at all.
  static bool IsOfAnEntry(const base::Error& error) {
    return error.code == base::Code::kInvalidArgument ||
           error.code == base::Code::kPermissionDenied ||
           error.code == base::Code::kFailedPrecondition;
  }

  void Refuse(int index, const std::string& message) {
    v1::ImportResponse::Result& result = *response_.mutable_results(index);
    result.set_outcome(v1::Outcome::UNSPECIFIED);
    result.set_reason(InWordsOfTheDocument(message));
  }

  base::Result<void> Take(int index) {
    const Entry& entry = request_.entries(index);
    v1::ImportResponse::Result& result = *response_.mutable_results(index);
    const auto document = base::ParseJson(entry.server_json());
    if (document.has_error()) {
      Refuse(index, ": " + document.error().message);
      return {};
    }
    if (document->is_object()) {
      result.set_server(TextOf(*document, "name"));
      result.set_version(TextOf(*document, "version"));
    }
    if (const auto problems = import::CheckServerJson(*document, 1); !problems.empty()) {
      Refuse(index, problems.front());
      return {};
    }
    auto imported = import::ToResources(entry.server_json());
    if (imported.has_error()) {
      Refuse(index, imported.error().message);
      return {};
    }
    auto& version = *imported->version.mutable_server_version();
    version.set_status(entry.status());
    version.set_status_message(entry.status_message());
    for (const v1::Resource* resource : {&imported->version, &imported->server}) {
      if (const auto ok = Validate(*resource); ok.has_error()) {
        Refuse(index, ok.error().message.starts_with("/name") && resource == &imported->version
                          ? "/version: is none that the catalog takes (letters, digits, '.-_+~:')"
                          : ok.error().message);
        return {};
      }
    }
    if (!taken_.insert(imported->version.name()).second) {
      Refuse(index, "/version: " + imported->version.name() + " came before in this import");
      return {};
    }
    const auto known = catalog_.Get("ServerVersion", imported->version.name());
    if (known.has_value()) {
      imported->version.set_revision(known->revision());
    } else if (known.error().code != base::Code::kNotFound) {
      return known.error();
    }
    if (const auto ok = Remember(std::move(imported->server)); ok.has_error()) return ok.error();
    candidates_.push_back({index, std::move(imported->version), result.server()});
    return {};
  }

  // Lets the newest version say what its server is.
  base::Result<void> Remember(v1::Resource imported) {
    auto found = servers_.find(imported.name());
    if (found == servers_.end()) {
      auto known = catalog_.Get("Server", imported.name());
      if (known.has_error() && known.error().code != base::Code::kNotFound) return known.error();
      v1::Resource resource;
      if (known.has_value() && known->name() == imported.name()) {
        resource = std::move(*known);
      } else {
        resource.set_kind("Server");
        resource.set_name(imported.name());
        resource.mutable_server();
      }
      found = servers_.emplace(imported.name(), std::move(resource)).first;
    }
    FollowNewest(*found->second.mutable_server(), imported.server());
    return {};
  }

  base::Result<void> Write() {
    v1::ApplyRequest apply;
    apply.set_dry_run(request_.dry_run());
    std::map<std::string, int> server_at;
    for (const Candidate& candidate : candidates_) {
      const auto [at, is_new] = server_at.emplace(candidate.server, apply.resources_size());
      if (is_new) *apply.add_resources() = servers_.at(candidate.server);
      *apply.add_resources() = candidate.version;
    }
    const auto applied = apply_(apply);
    if (applied.has_error()) return applied.error();
    std::map<std::string, v1::Outcome::Value> outcome;
    for (const v1::ApplyResponse::Result& result : applied->results()) {
      outcome[result.kind() + " " + result.name()] = result.outcome();
      // Of the next write of it, when each is written alone.
      if (result.kind() == "Server" && !request_.dry_run())
        servers_.at(result.name()).set_revision(result.revision());
    }
    for (const Candidate& candidate : candidates_) {
      const auto of_version = outcome["ServerVersion " + candidate.version.name()];
      const auto of_server = outcome["Server " + candidate.server];
      response_.mutable_results(candidate.index)
          ->set_outcome(of_version == v1::Outcome::UNCHANGED && of_server == v1::Outcome::CHANGED
                            ? v1::Outcome::CHANGED
                            : of_version);
    }
    return {};
  }

  base::Result<void> WriteOneByOne() {
    std::vector<Candidate> all = std::move(candidates_);
    for (Candidate& candidate : all) {
      const int index = candidate.index;
      candidates_.clear();
      candidates_.push_back(std::move(candidate));
      const auto written = Write();
      if (!written.has_error()) continue;
      if (!IsOfAnEntry(written.error())) return written.error();
      Refuse(index, written.error().message);
    }
    return {};
  }

  const Catalog& catalog_;
  const ApplyAs& apply_;
  const v1::ImportRequest& request_;
  v1::ImportResponse response_;
  std::vector<Candidate> candidates_;
  std::set<std::string> taken_;
  // As they will be written.
  std::map<std::string, v1::Resource> servers_;
};

}  // namespace

std::string InWordsOfTheDocument(std::string message) {
  static constexpr std::pair<std::string_view, std::string_view> kFields[] = {
      {"/spec/server_json: ", ""},
      {"/spec/server_json/", "/"},
      {"/spec/title", "/title"},
      {"/spec/description", "/description"},
      {"/spec/website_url", "/websiteUrl"},
      {"/spec/repository_url", "/repository/url"},
      {"/spec/current_version", "/version"},
      {"/spec/status_message", "/_meta/io.modelcontextprotocol.registry~1official/statusMessage"}};
  // "resource 3, Server 'a/b': /spec/title: ..."
  if (message.starts_with("resource ")) {
    if (const auto pointer = message.find(": /"); pointer != std::string::npos)
      message.erase(0, pointer + 2);
  }
  // The whole document's pointer is empty.
  if (message.starts_with("/: ")) return message.substr(1);
  for (const auto& [ours, theirs] : kFields) {
    if (message.starts_with(ours)) return std::string(theirs) + message.substr(ours.size());
  }
  return message;
}

base::Result<v1::ImportResponse> Import(const Catalog& catalog, const ApplyAs& apply,
                                        const v1::ImportRequest& request) {
  if (request.entries_size() > kMaxImportEntries) {
    return FieldError("/entries", "at most " + std::to_string(kMaxImportEntries) + " at once");
  }
  // Somebody may write in between; then what they wrote is read again.
  for (int attempt = 1;; ++attempt) {
    auto imported = Importing(catalog, apply, request).Run();
    const bool again =
        imported.has_error() && (imported.error().code == base::Code::kAborted ||
                                 imported.error().code == base::Code::kAlreadyExists);
    if (!again || attempt == kAttempts) return imported;
  }
}

}  // namespace registry
