#include "registry/service/registry_answer.h"

#include <nlohmann/json.hpp>

#include "base/error_codes.h"
#include "base/http/message.h"

namespace registry {
namespace {

using nlohmann::ordered_json;

ordered_json ProblemTree(int status, std::string_view sentence) {
  return {{"error", sentence},
          {"title", base::http::ReasonPhrase(status)},
          {"status", status},
          {"detail", sentence}};
}

RegistryAnswer AnswerOf(int status, const ordered_json& tree) {
  return {status, tree.dump(-1, ' ', false, ordered_json::error_handler_t::replace)};
}

}  // namespace

RegistryAnswer Problem(int status, std::string_view sentence) {
  return AnswerOf(status, ProblemTree(status, sentence));
}

RegistryAnswer WrongDocument(const std::vector<std::string>& problems) {
  std::string sentence;
  for (const std::string& problem : problems) sentence += (sentence.empty() ? "" : "; ") + problem;
  ordered_json tree = ProblemTree(422, sentence);
  tree["errors"] = ordered_json::array();
  for (const std::string& problem : problems) {
    const std::size_t colon = problem.find(": ");
    const bool located = problem.starts_with('/') && colon != std::string::npos;
    tree["errors"].push_back({{"message", located ? problem.substr(colon + 2) : problem},
                              {"location", located ? problem.substr(0, colon) : ""}});
  }
  return AnswerOf(422, tree);
}

RegistryAnswer Problem(const base::Error& error) {
  // Too much of something is, here, a document that is too large.
  const int status =
      error.code == base::Code::kResourceExhausted ? 413 : base::HttpStatus(error.code);
  return Problem(status, error.message);
}

RegistryAnswer ServerList(const std::vector<ListedVersion>& versions,
                          std::string_view next_cursor) {
  std::size_t bytes = 100 + next_cursor.size();
  for (const ListedVersion& version : versions) bytes += version.json.size() + 1;
  std::string body;
  body.reserve(bytes);
  body += R"({"servers":[)";
  for (const ListedVersion& version : versions) {
    if (&version != &versions.front()) body += ',';
    body += version.json;
  }
  ordered_json metadata = {{"count", versions.size()}};
  if (!next_cursor.empty()) metadata["nextCursor"] = next_cursor;
  body += R"(],"metadata":)" + metadata.dump() + "}";
  return {200, std::move(body)};
}

}  // namespace registry
