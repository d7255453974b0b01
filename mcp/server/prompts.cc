#include "mcp/server/prompts.h"

#include <algorithm>

#include "mcp/raw_json.h"
#include "mcp/server/subscriptions.h"

namespace mcp {
namespace {

std::string Describe(const Prompt& prompt) {
  std::string arguments;
  for (const PromptArgument& argument : prompt.arguments) {
    ObjectWriter out;
    out.Text("name", argument.name).TextUnlessEmpty("description", argument.description);
    out.Raw("required", argument.required ? "true" : "false");
    arguments += (arguments.empty() ? "" : ",") + std::move(out).Take();
  }
  ObjectWriter out;
  out.Text("name", prompt.name).TextUnlessEmpty("title", prompt.title);
  out.TextUnlessEmpty("description", prompt.description);
  if (!arguments.empty()) out.Raw("arguments", "[" + arguments + "]");
  return std::move(out).Take();
}

}  // namespace

Prompts::Prompts(std::vector<Prompt> prompts, ListFreshness freshness, Subscriptions* subscriptions)
    : freshness_(freshness), subscriptions_(subscriptions) {
  for (Prompt& prompt : prompts)
    prompts_.push_back(std::make_shared<const Prompt>(std::move(prompt)));
}

void Prompts::Add(Prompt prompt) {
  prompts_.push_back(std::make_shared<const Prompt>(std::move(prompt)));
  if (subscriptions_) subscriptions_->AnnouncePrompts();
}

bool Prompts::Remove(std::string_view name) {
  const auto removed = std::erase_if(prompts_, [&](const auto& p) { return p->name == name; });
  if (removed && subscriptions_) subscriptions_->AnnouncePrompts();
  return removed > 0;
}

std::shared_ptr<const Prompt> Prompts::Find(std::string_view name) const {
  const auto found = std::find_if(prompts_.begin(), prompts_.end(),
                                  [&](const auto& p) { return p->name == name; });
  return found == prompts_.end() ? nullptr : *found;
}

void Prompts::Declare(ObjectWriter& capabilities) const {
  capabilities.Raw("prompts", subscriptions_ ? R"({"listChanged":true})" : "{}");
}

bool Prompts::Serves(std::string_view method) const {
  return method == "prompts/list" || method == "prompts/get";
}

base::Task<Reply> Prompts::Serve(ServedCall& call) {
  if (call.call().method == "prompts/get") co_return co_await Get(call);
  std::string list;
  for (const auto& prompt : prompts_) list += (list.empty() ? "" : ",") + Describe(*prompt);
  ObjectWriter out;
  out.Raw("prompts", "[" + list + "]");
  Complete(out, call, freshness_);
  co_return std::move(out).Take();
}

base::Task<Reply> Prompts::Get(ServedCall& served) {
  const std::shared_ptr<const Prompt> prompt = Find(served.call().item);
  if (!prompt) co_return InvalidParams("Unknown prompt: " + std::string(served.call().item));
  for (const PromptArgument& argument : prompt->arguments) {
    const std::string_view raw = Member(served.raw_arguments(), argument.name);
    if (raw.empty() && argument.required)
      co_return InvalidParams("The argument '" + argument.name + "' is missing.");
    if (!raw.empty() && !IsString(raw))
      co_return InvalidParams("The argument '" + argument.name + "' must be a string.");
  }
  const auto messages = co_await prompt->fill(served);
  if (!messages) co_return served.Failure(messages.error());
  std::string list;
  for (const PromptMessage& message : *messages) {
    ObjectWriter out;
    out.Text("role", message.role).Raw("content", message.content);
    list += (list.empty() ? "" : ",") + std::move(out).Take();
  }
  ObjectWriter out;
  out.TextUnlessEmpty("description", prompt->description).Raw("messages", "[" + list + "]");
  Complete(out, served);
  co_return std::move(out).Take();
}

}  // namespace mcp
