#include "registry/service/publishing.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "base/json.h"
#include "registry/catalog/names.h"
#include "registry/catalog/validate.h"
#include "registry/import/current_version.h"
#include "registry/import/resources.h"
#include "registry/import/server_json.h"
#include "registry/service/catalog_import.h"

namespace registry {
namespace {

using base::Code;
using nlohmann::json;
using nlohmann::ordered_json;

// Where a document holds the organisation's own metadata of its server.
constexpr char kProvided[] = "io.modelcontextprotocol.registry/publisher-provided";
constexpr char kMetadata[] = "io.portolan.registry/metadata";
constexpr std::string_view kMetadataPointer =
    "/_meta/io.modelcontextprotocol.registry~1publisher-provided/io.portolan.registry~1metadata";
constexpr std::string_view kMetadataField = "/spec/metadata_json";

// Somebody else may write in between; then what they wrote is read again.
constexpr int kAttempts = 20;
constexpr std::size_t kMaxVersions = 10'000;
constexpr std::size_t kMaxProblems = 20;

// `^1.2`, `~1.2`, `>=1`, `1.x`, `1.*`, `1 - 2`: what names several versions names none.
bool IsRange(std::string_view version) {
  if (version.empty() || std::string_view("^~<>=*").find(version.front()) != std::string_view::npos)
    return true;
  if (version.find_first_of(" |,*") != std::string_view::npos) return true;
  std::string_view core = version.substr(0, version.find_first_of("-+"));
  while (!core.empty()) {
    const std::string_view part = core.substr(0, core.find('.'));
    if (part == "x" || part == "X") return true;
    core.remove_prefix(std::min(part.size() + 1, core.size()));
  }
  return false;
}

// As JSON text; empty when the document has none.
std::string MetadataIn(const json& document) {
  const json* at = &document;
  for (const char* member : {"_meta", kProvided, kMetadata}) {
    const auto found = at->is_object() ? at->find(member) : at->end();
    if (!at->is_object() || found == at->end()) return "";
    at = &*found;
  }
  return at->dump(-1, ' ', false, json::error_handler_t::replace);
}

RegistryAnswer NotWritten(const base::Error& error) {
  const std::string message = InWordsOfTheDocument(error.message);
  if (!message.starts_with(kMetadataField)) return Problem({error.code, message});
  return WrongDocument({std::string(kMetadataPointer) + message.substr(kMetadataField.size())});
}

// The document as resources, or what is wrong with it.
struct Read {
  import::Imported imported;
  std::string name;
  std::string version;
  std::string metadata;
  std::optional<RegistryAnswer> problem;

  // What the document says of its server, when it is the newest.
  void Describe(v1::Server& server) const {
    FollowNewest(server, imported.server.server());
    if (!metadata.empty() && server.current_version() == version)
      server.set_metadata_json(metadata);
  }
};

Read ReadDocument(std::string_view body) {
  Read read;
  const auto document = base::ParseJson(body, {.max_bytes = kMaxSpecBytes});
  if (document.has_error()) {
    read.problem =
        Problem(400, "the body is not JSON as it should be: " + document.error().message);
    return read;
  }
  if (const auto problems = import::CheckServerJson(*document, kMaxProblems); !problems.empty()) {
    read.problem = WrongDocument(problems);
    return read;
  }
  read.name = (*document)["name"];
  read.version = (*document)["version"];
  read.metadata = MetadataIn(*document);
  if (IsRange(read.version)) {
    read.problem = Problem(400, "/version: '" + read.version + "' is a range; give one version");
    return read;
  }
  auto imported = import::ToResources(body);
  if (imported.has_error()) {
    read.problem = WrongDocument({imported.error().message});
    return read;
  }
  read.imported = std::move(*imported);
  if (const auto ok = Validate(read.imported.version); ok.has_error()) {
    read.problem =
        WrongDocument({ok.error().message.starts_with("/name")
                           ? "/version: is none that the catalog takes (letters, digits, '.-_+~:')"
                           : InWordsOfTheDocument(ok.error().message)});
  } else if (const auto good = Validate(read.imported.server); good.has_error()) {
    read.problem = WrongDocument({InWordsOfTheDocument(good.error().message)});
  }
  return read;
}

// Who may not publish there does not learn what is there either.
std::optional<RegistryAnswer> Refused(const Caller& caller, const std::string& name) {
  if (const auto ok = CheckAccess(caller, Access::kWriter); ok.has_error())
    return Problem(ok.error());
  const auto may = CheckMay(caller.principal, {Right::kPublish, NamespaceOf(name)});
  if (may.has_error()) return Problem(may.error());
  return std::nullopt;
}

// The resource of exactly that name; a default one (revision 0) when there is none.
base::Result<v1::Resource> GetOrNew(const Catalog& catalog, const char* kind,
                                    const std::string& name) {
  auto known = catalog.Get(kind, name);
  if (known.has_value() && known->name() == name) return known;
  if (known.has_error() && known.error().code != Code::kNotFound) return known;
  v1::Resource fresh;
  fresh.set_kind(kind);
  fresh.set_name(name);
  return fresh;
}

bool CameInBetween(const base::Error& error) {
  return error.code == Code::kAborted || error.code == Code::kAlreadyExists;
}

v1::VersionStatus::State StateOf(std::string_view word) {
  if (word == "active") return v1::VersionStatus::ACTIVE;
  if (word == "deprecated") return v1::VersionStatus::DEPRECATED;
  if (word == "deleted") return v1::VersionStatus::DELETED;
  return v1::VersionStatus::UNSPECIFIED;
}

bool Is(const v1::ServerVersion& version, v1::VersionStatus::State state) {
  const auto known = version.status() == v1::VersionStatus::UNSPECIFIED ? v1::VersionStatus::ACTIVE
                                                                        : version.status();
  return known == state;
}

base::Error NoVersion() {
  return base::Fail(Code::kNotFound,
                    "Server version not found: nothing of that name and version is published here");
}

}  // namespace

struct Publishing::Status {
  v1::VersionStatus::State state = v1::VersionStatus::UNSPECIFIED;
  std::string word;
  std::string message;

  bool Changes(const v1::ServerVersion& version) const {
    return !Is(version, state) || version.status_message() != message;
  }
  void Set(v1::ServerVersion& version) const {
    version.set_status(state);
    version.set_status_message(message);
  }

  static boost::system::result<Status, RegistryAnswer> Read(std::string_view body) {
    const auto document = base::ParseJson(body, {.max_bytes = 64 * 1024});
    if (document.has_error())
      return Problem(400, "the body is not JSON as it should be: " + document.error().message);
    if (!document->is_object()) return Problem(400, "the body must be an object");
    Status read;
    const auto status = document->find("status");
    if (status != document->end() && status->is_string()) read.word = *status;
    read.state = StateOf(read.word);
    if (read.state == v1::VersionStatus::UNSPECIFIED)
      return Problem(400, "Invalid status value: /status must be active, deprecated or deleted");
    const auto message = document->find("statusMessage");
    if (message != document->end() && !message->is_null()) {
      if (!message->is_string()) return Problem(400, "/statusMessage: must be a string");
      read.message = *message;
    }
    if (!read.message.empty() && read.state == v1::VersionStatus::ACTIVE)
      return Problem(400,
                     "/statusMessage: says why a version is not active, and this one would be");
    return read;
  }
};

RegistryAnswer Publishing::Show(const Caller& caller, const std::string& name,
                                const std::string& version) {
  // Every change is in the listing before its write returns.
  auto shown = listing_.Find(name, version, caller.principal);
  if (!shown) return Problem(NoVersion());
  return {200, std::move(shown->json)};
}

RegistryAnswer Publishing::Publish(const Caller& caller, std::string_view body) {
  const Read read = ReadDocument(body);
  if (read.problem) return *read.problem;
  if (auto refused = Refused(caller, read.name)) return *std::move(refused);
  const std::string version_name = read.imported.version.name();
  for (int attempt = 1;; ++attempt) {
    const auto taken = catalog_.Get("ServerVersion", version_name);
    if (taken.has_value()) {
      return Problem(400, "invalid version: cannot publish duplicate version; " + version_name +
                              " is published already");
    }
    if (taken.error().code != Code::kNotFound) return Problem(taken.error());
    if (listing_.CountVersions(read.name) >= kMaxVersions)
      return Problem(400, "a server has at most 10,000 versions");
    auto server = GetOrNew(catalog_, "Server", read.name);
    if (server.has_error()) return Problem(server.error());
    read.Describe(*server->mutable_server());
    v1::ApplyRequest apply;
    *apply.add_resources() = std::move(*server);
    *apply.add_resources() = read.imported.version;
    const auto written = catalog_.ApplySeen(caller.writer(), apply);
    if (!written.has_error()) return Show(caller, read.name, read.version);
    if (CameInBetween(written.error()) && attempt < kAttempts) continue;
    return NotWritten(written.error());
  }
}

RegistryAnswer Publishing::Edit(const Caller& caller, const std::string& name,
                                const std::string& version, std::string_view body) {
  if (auto refused = Refused(caller, name)) return *std::move(refused);
  const Read read = ReadDocument(body);
  if (read.problem) return *read.problem;
  if (read.name != name) return Problem(400, "/name: must be '" + name + "', as in the path");
  if (read.version != version)
    return Problem(400, "/version: must be '" + version + "', as in the path");
  for (int attempt = 1;; ++attempt) {
    auto known = catalog_.Get("ServerVersion", read.imported.version.name());
    if (known.has_error()) {
      return Problem(known.error().code == Code::kNotFound ? NoVersion() : known.error());
    }
    if (Is(known->server_version(), v1::VersionStatus::DELETED)) return Problem(NoVersion());
    auto server = GetOrNew(catalog_, "Server", name);
    if (server.has_error()) return Problem(server.error());
    read.Describe(*server->mutable_server());
    known->mutable_server_version()->set_server_json(
        read.imported.version.server_version().server_json());
    v1::ApplyRequest apply;
    *apply.add_resources() = std::move(*server);
    *apply.add_resources() = std::move(*known);
    const auto written = catalog_.ApplySeen(caller.writer(), apply);
    if (!written.has_error()) return Show(caller, name, version);
    if (CameInBetween(written.error()) && attempt < kAttempts) continue;
    return NotWritten(written.error());
  }
}

RegistryAnswer Publishing::ChangeStatus(const Caller& caller, const std::string& name,
                                        const std::string& version, const Status& status) {
  for (int attempt = 1;; ++attempt) {
    auto known = catalog_.Get("ServerVersion", name + "@" + version);
    if (known.has_error())
      return Problem(known.error().code == Code::kNotFound ? NoVersion() : known.error());
    if (!status.Changes(known->server_version()))
      return Problem(400, "No changes to apply: status is already " + status.word);
    status.Set(*known->mutable_server_version());
    v1::PutRequest put;
    *put.mutable_resource() = std::move(*known);
    const auto written = catalog_.Put(caller.writer(), put);
    if (!written.has_error()) return Show(caller, name, version);
    if (CameInBetween(written.error()) && attempt < kAttempts) continue;
    return Problem({written.error().code, InWordsOfTheDocument(written.error().message)});
  }
}

RegistryAnswer Publishing::SetStatus(const Caller& caller, const std::string& name,
                                     const std::string& version, std::string_view body) {
  if (auto refused = Refused(caller, name)) return *std::move(refused);
  const auto status = Status::Read(body);
  if (status.has_error()) return status.error();
  return ChangeStatus(caller, name, version, *status);
}

RegistryAnswer Publishing::Delete(const Caller& caller, const std::string& name,
                                  const std::string& version) {
  if (auto refused = Refused(caller, name)) return *std::move(refused);
  const auto known = catalog_.Get("ServerVersion", name + "@" + version);
  if (known.has_value() && Is(known->server_version(), v1::VersionStatus::DELETED))
    return Problem(NoVersion());
  return ChangeStatus(caller, name, version, {v1::VersionStatus::DELETED, "deleted", ""});
}

RegistryAnswer Publishing::SetStatusOfAll(const Caller& caller, const std::string& name,
                                          std::string_view body) {
  if (auto refused = Refused(caller, name)) return *std::move(refused);
  const auto status = Status::Read(body);
  if (status.has_error()) return status.error();
  for (int attempt = 1;; ++attempt) {
    v1::ApplyRequest apply;
    bool any = false;
    for (const ListedVersion& listed :
         listing_.Versions(name, /*include_deleted=*/true, caller.principal)) {
      auto known = catalog_.Get("ServerVersion", name + "@" + listed.version);
      // Made for a server that has none, or gone since.
      if (known.has_error() && known.error().code == Code::kNotFound) continue;
      if (known.has_error()) return Problem(known.error());
      any = true;
      if (!status->Changes(known->server_version())) continue;
      status->Set(*known->mutable_server_version());
      *apply.add_resources() = std::move(*known);
    }
    if (!any) return Problem(404, "Server not found: no version of it is published here");
    if (apply.resources_size() == 0)
      return Problem(400, "No changes to apply: status is already " + status->word);
    const auto written = catalog_.ApplySeen(caller.writer(), apply);
    if (written.has_error()) {
      if (CameInBetween(written.error()) && attempt < kAttempts) continue;
      return Problem({written.error().code, InWordsOfTheDocument(written.error().message)});
    }
    std::string servers;
    for (const v1::Resource& resource : apply.resources()) {
      const auto shown = listing_.Find(
          name, std::string_view(resource.name()).substr(name.size() + 1), caller.principal);
      if (shown) servers += (servers.empty() ? "" : ",") + shown->json;
    }
    return {200, R"({"updatedCount":)" + std::to_string(apply.resources_size()) +
                     R"(,"servers":[)" + servers + "]}"};
  }
}

RegistryAnswer Publishing::Validate(std::string_view body) {
  const Read read = ReadDocument(body);
  ordered_json issues = ordered_json::array();
  if (read.problem) {
    const ordered_json problem = ordered_json::parse(read.problem->body);
    const char* type = read.problem->status == 422 ? "schema" : "semantic";
    const auto add = [&](const std::string& path, const std::string& message) {
      issues.push_back(
          {{"type", type}, {"path", path}, {"message", message}, {"severity", "error"}});
    };
    if (problem.contains("errors")) {
      for (const ordered_json& error : problem["errors"]) add(error["location"], error["message"]);
    } else {
      add("", problem["error"]);
    }
  }
  const ordered_json result = {{"valid", issues.empty()}, {"issues", issues}};
  return {200, result.dump(-1, ' ', false, ordered_json::error_handler_t::replace)};
}

}  // namespace registry
