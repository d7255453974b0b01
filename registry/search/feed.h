// A Feed keeps the index as the catalog says: it hears every change before the writer is answered,
// so that what was acknowledged is found.
//
// Calls come one at a time (registry/catalog/watch.h); searches go on beside them.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "registry/catalog/watch.h"
#include "registry/search/index.h"

namespace registry::search {

class Feed final : public Observer {
 public:
  explicit Feed(Index& index) : index_(index) {}

  void OnChanges(std::span<const v1::Change> changes) override;
  void OnDefinitions(const v1::ServerDefinitions& definitions) override;

 private:
  // A server as it will be in the index.
  struct Prepared {
    std::shared_ptr<const ServerDocument> kept;
    Index::Words words;
  };
  Prepared Prepare(ServerDocument document) const;
  // With the tools that are known of it.
  Prepared PrepareServer(const v1::Resource& resource) const;
  void Take(const v1::Change& change, Prepared server);
  void TakeMany(std::span<const v1::Change> changes);
  void Forget(std::span<const v1::Change> changes);
  // Their words; one that is not a JSON object is left out.
  std::vector<ToolDocument> ToTools(std::span<const ToolText> texts) const;

  Index& index_;
  // What servers offer that were not heard of yet, by name.
  std::map<std::string, std::vector<ToolText>, std::less<>> waiting_;
};

// Without tools.
ServerDocument ToDocument(const v1::Resource& server);
// The tools among the definitions that can be called.
std::vector<ToolText> ToolTexts(const v1::ServerDefinitions& definitions);

}  // namespace registry::search
