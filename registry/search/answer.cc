#include "registry/search/answer.h"

#include <map>

#include "registry/search/cursor.h"
#include "registry/search/visibility.h"

namespace registry::search {
namespace {

using portolan::v1::SearchHit;
using portolan::v1::SearchRequest;
using portolan::v1::SearchResponse;
using portolan::v1::SearchTarget;

base::Error Invalid(std::string message) {
  return base::Fail(base::Code::kInvalidArgument, std::move(message));
}

// What the next page's cursor must have been made for.
std::string Asked(const SearchRequest& request, Target target) {
  return (target == Target::kServers ? "servers\n" : "tools\n") + request.server() + "\n" +
         request.query();
}

// The schemas of the tools that are shown; each server's are looked up once.
class ShownSchemas {
 public:
  explicit ShownSchemas(const Index& index) : index_(index) {}

  // Empty: there is none any more.
  std::string Of(const Hit& hit) {
    const auto [offered, is_new] = offered_.try_emplace(hit.server->name);
    if (is_new) offered->second = index_.Tools(*hit.server);
    for (const ToolText& text : offered->second) {
      if (text.name == hit.tool->name && !text.definition.empty())
        return InputSchemaOf(text.definition);
    }
    return hit.tool->input_schema;
  }

 private:
  const Index& index_;
  std::map<std::string_view, std::vector<ToolText>> offered_;  // by server, whose hit lives longer
};

// Without schemas when they are not wanted.
void Fill(const Hit& hit, ShownSchemas* schemas, SearchHit& out) {
  const ServerDocument& server = *hit.server;
  out.set_server(server.name);
  out.set_base_path(server.base_path);
  out.set_score(hit.score);
  if (hit.tool) {
    out.set_id(server.ToolId(*hit.tool));
    out.set_tool(hit.tool->name);
    out.set_description(hit.tool->description.empty() ? hit.tool->title : hit.tool->description);
    for (const std::string& name : hit.tool->required) out.add_required(name);
    if (schemas) out.set_input_schema_json(schemas->Of(hit));
  } else {
    out.set_id(server.name);
    out.set_description(server.description.empty() ? server.title : server.description);
    out.set_tools(static_cast<int>(server.tools.size()));
  }
  for (const Match& match : hit.matches) {
    auto& term = *out.add_matched();
    term.set_term(match.word);
    term.set_field(std::string(FieldName(match.field)));
    term.set_score(match.share);
  }
}

}  // namespace

base::Result<SearchResponse> Answer(const Index& index, const SearchRequest& request,
                                    const base::auth::Principal& principal, Schemas schemas) {
  if (request.query().empty()) return Invalid("query: must not be empty");
  if (request.query().size() > kMaxQueryBytes) {
    return Invalid("query: " + std::to_string(request.query().size()) + " bytes, at most " +
                   std::to_string(kMaxQueryBytes) + " are allowed");
  }
  if (request.k() < 0 || request.k() > kMaxHits) {
    return Invalid("k: must be between 1 and " + std::to_string(kMaxHits));
  }
  Query query;
  query.text = request.query();
  query.target = request.target() == SearchTarget::SERVERS ? Target::kServers : Target::kTools;
  query.k = static_cast<std::size_t>(request.k() == 0 ? kDefaultHits : request.k());
  query.explain = request.explain();
  query.visible = VisibleTo(principal);
  if (!request.server().empty()) {
    auto server = index.FindServer(request.server(), query.visible);
    if (!server) {
      auto close = index.CloseNames(request.server(), Target::kServers, 3, query.visible);
      return base::Fail(base::Code::kNotFound,
                        "server: no server '" + request.server() + "'" + DidYouMean(close));
    }
    query.server = server->name;
  }
  std::string asked = Asked(request, query.target);
  auto offset = ReadCursor(request.cursor(), asked);
  if (!offset) return offset.error();
  query.offset = *offset;

  Hits hits = index.Search(query);
  SearchResponse response;
  ShownSchemas shown(index);
  for (const Hit& hit : hits.hits)
    Fill(hit, schemas == Schemas::kYes ? &shown : nullptr, *response.add_hits());
  if (hits.more) response.set_next_cursor(MakeCursor(query.offset + hits.hits.size(), asked));
  response.set_hint(hits.hint);
  return response;
}

std::string DidYouMean(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "; did you mean '" : i + 1 == names.size() ? " or '" : ", '";
    text += names[i] + "'";
  }
  return text.empty() ? text : text + "?";
}

}  // namespace registry::search
