// The Index finds tools and servers by words. In memory, fed by the catalog's changes; whoever asks
// is the same engine.
//
// Thread-safe: any number of searches beside one writer (readers share a lock; an update of one
// server holds it for milliseconds). docs/performance.md says how long a search takes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "registry/search/document.h"
#include "registry/search/exact_names.h"
#include "registry/search/postings.h"
#include "registry/search/ranking.h"

namespace registry::search {

enum class Target { kTools, kServers };

// Whether the asker may see a server. Asked once a server and search, before ranking.
using Visible = std::function<bool(const ServerDocument&)>;

struct Query {
  std::string text;
  Target target = Target::kTools;
  // Only this server's tools, by name or base path.
  std::string server;
  std::size_t k = 5;
  // Hits to pass over: those of the pages before.
  std::size_t offset = 0;
  bool explain = false;
  // Empty: what is served and public.
  Visible visible;
};

struct Match {
  std::string word;
  SearchField field;
  // Share of the hit's score.
  double share = 0;
};

struct Hit {
  std::shared_ptr<const ServerDocument> server;
  // Into server->tools; null for a server.
  const ToolDocument* tool = nullptr;
  // 0 to 1, relative to the best hit.
  double score = 0;
  std::vector<Match> matches;
};

struct Hits {
  std::vector<Hit> hits;
  bool more = false;
  // What the asker should know: the first two are close, or words that nothing holds.
  std::string hint;
};

class Index {
 public:
  // With `look_up`, documents need not keep their tools' definitions.
  explicit Index(const Ranking& ranking = {}, LookUpTools look_up = nullptr);

  // A server's words, taken apart: most of the work of an Upsert, and anybody's to do beforehand.
  struct Words {
    CountedWords own;
    std::vector<CountedWords> tools;
  };
  static Words TakeApart(const ServerDocument& server);

  // The server with all its tools, in place of what was known of it.
  void Upsert(std::shared_ptr<const ServerDocument> server) { Upsert(server, TakeApart(*server)); }
  // The same, with those words: hits show `server`, which may hold less of each tool.
  void Upsert(std::shared_ptr<const ServerDocument> server, const Words& words);
  void Remove(std::string_view server_name);

  bool looks_up() const { return look_up_ != nullptr; }
  // Its tools' definitions: as they are now where they are looked up, which reads the store.
  std::vector<ToolText> Tools(const ServerDocument& server) const;
  // Empty: there is none any more.
  std::string Definition(const ServerDocument& server, const ToolDocument& tool) const;

  Hits Search(const Query& query) const;

  // By its whole name, whoever may see it.
  std::shared_ptr<const ServerDocument> Known(std::string_view name) const;
  // By name, base path, or the part of the name behind the slash where only one visible server has
  // it.
  std::shared_ptr<const ServerDocument> FindServer(std::string_view name,
                                                   const Visible& visible) const;
  // By `BASE_PATH.TOOL` or `NAMESPACE/NAME.TOOL`; a tool's own name where only one has it. The hit
  // has no score.
  std::vector<Hit> FindTools(std::string_view id, const Visible& visible) const;
  // Ids and names that look like `name`, the closest first.
  std::vector<std::string> CloseNames(std::string_view name, Target target, std::size_t at_most,
                                      const Visible& visible) const;
  // Every server, by name.
  std::vector<std::shared_ptr<const ServerDocument>> Servers(const Visible& visible) const;

  std::size_t tools() const;
  std::size_t servers() const;

 private:
  class Evaluation;

  static constexpr std::uint32_t kNoSlot = 0xffffffff;

  struct Entry {
    std::shared_ptr<const ServerDocument> document;
    DocumentId own = 0;  // in server_words_
    DocumentId first_tool = 0,
               last_tool = 0;  // in tool_words_; the tool at i is document first_tool + i
  };

  void AddLocked(std::uint32_t slot, std::shared_ptr<const ServerDocument> server,
                 const Words& words);
  void RemoveLocked(std::uint32_t slot);
  void CompactLocked();
  // Who bears a name in any of the ways in which a server is called; by name.
  std::vector<std::uint32_t> CalledLocked(std::string_view name) const;

  // Constant after construction
  const Ranking ranking_;
  const LookUpTools look_up_;

  mutable std::shared_mutex mutex_;
  // Under mutex_
  std::map<std::string_view, std::uint32_t> slots_;  // by name, which is the document's
  std::vector<Entry> entries_;                       // by slot; a free one has no document
  std::vector<std::uint32_t> free_slots_;
  Postings server_words_;
  Postings tool_words_;
  std::vector<std::uint32_t> server_slot_;  // by document of server_words_; kNoSlot: removed
  std::vector<std::uint32_t> tool_slot_;    // by document of tool_words_
  ExactNames server_names_;                 // to slots: name, its last part, title, base path
  ExactNames tool_names_;                   // to the slots of their servers
};

// What is served and meant for everybody.
bool IsPublic(const ServerDocument& server);

}  // namespace registry::search
