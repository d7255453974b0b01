// Prompts is the Feature that lists prompts and fills them in.
//
// Prompts may be added and removed while callers are served; with Subscriptions, listeners hear of
// it. One thread.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "mcp/server/feature.h"
#include "mcp/server/served_call.h"

namespace mcp {

class Subscriptions;

struct PromptMessage {
  std::string_view role = "user";
  // A content block (content.h).
  std::string content;
};

struct PromptArgument {
  std::string name;
  std::string description;
  bool required = false;
  // What may stand here, by what was typed of it; see completion.h.
  std::function<std::vector<std::string>(const Call& call, std::string_view typed)> complete;
};

struct Prompt {
  std::string name;
  std::string title;
  std::string description;
  std::vector<PromptArgument> arguments;
  // Called when the required arguments are there, each a string.
  std::function<base::Task<base::Result<std::vector<PromptMessage>>>(ServedCall& call)> fill;
};

class Prompts final : public Feature {
 public:
  // REQUIRES: names differ. `subscriptions` may be missing: nobody hears of changes.
  Prompts(std::vector<Prompt> prompts, ListFreshness freshness,
          Subscriptions* subscriptions = nullptr);

  void Add(Prompt prompt);
  // False when there is none of that name.
  bool Remove(std::string_view name);
  // Null when there is none of that name.
  std::shared_ptr<const Prompt> Find(std::string_view name) const;

  void Declare(ObjectWriter& capabilities) const override;
  bool Serves(std::string_view method) const override;
  base::Task<Reply> Serve(ServedCall& call) override;

 private:
  base::Task<Reply> Get(ServedCall& call);

  const ListFreshness freshness_;
  Subscriptions* const subscriptions_;
  // Shared with the calls that run.
  std::list<std::shared_ptr<const Prompt>> prompts_;
};

}  // namespace mcp
