#include "gateway/filters/offered_items.h"

#include <algorithm>

namespace gateway {

void OfferedItems::AddTool(std::string name, State state, const policy::ToolHints& hints,
                           std::string_view definition) {
  Add(tools_, std::move(name), {state, hints, definition});
}

void OfferedItems::AddPrompt(std::string name, State state, std::string_view definition) {
  Add(prompts_, std::move(name), {state, {}, definition});
}

void OfferedItems::AddResource(std::string uri) {
  resources_.insert_or_assign(std::move(uri), Item());
}

void OfferedItems::AddTemplate(std::string_view uri_template) {
  template_beginnings_.emplace_back(uri_template.substr(0, uri_template.find('{')));
}

void OfferedItems::Add(Items& items, std::string name, const Item& item) {
  all_served_ = all_served_ && item.state == State::kServed;
  items.insert_or_assign(std::move(name), item);
}

const OfferedItems::State* OfferedItems::Find(std::string_view method,
                                              std::string_view item) const {
  const Items& items = method == "tools/call" ? tools_ : prompts_;
  const auto found = items.find(item);
  return found == items.end() ? nullptr : &found->second.state;
}

policy::ToolHints OfferedItems::HintsOf(std::string_view tool) const {
  const auto found = tools_.find(tool);
  return found == tools_.end() ? policy::ToolHints() : found->second.hints;
}

std::string_view OfferedItems::DefinitionOf(std::string_view tool) const {
  const auto found = tools_.find(tool);
  return found == tools_.end() ? std::string_view() : found->second.definition;
}

bool OfferedItems::MayHaveResource(std::string_view uri) const {
  if (resources_.find(uri) != resources_.end()) return true;
  return std::any_of(template_beginnings_.begin(), template_beginnings_.end(),
                     [uri](const std::string& beginning) { return uri.starts_with(beginning); });
}

}  // namespace gateway
