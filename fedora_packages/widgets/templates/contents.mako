## The files of a binary package.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% if not is_found:
<p>${release} has no binary package ${binary}.</p>
% elif not listed:
<p>${binary} has no files in ${release} (${repository}).</p>
% else:
<p>${total} ${"files and directories" if total != 1 else "file or directory"} of ${binary} in ${release} (${repository}).\
% if is_other:
 There is no binary package ${package.name}: this is one of those that are built from it.\
% endif
</p>
<form class="filter" method="get"
% if page.path:
  action="${page.path}"
% endif
>
  <label for="filter">Paths with</label>
  <input type="search" id="filter" name="filter" maxlength="${most}" value="${wanted}" autocomplete="off" spellcheck="false">
  % for name, text in kept:
  <input type="hidden" name="${name}" value="${text}">
  % endfor
  <button type="submit">Filter</button>
</form>
% if wanted:
<p>${matches} of ${listed} have <q>${wanted}</q> in their path. <a href="${all_of_them}">All files</a></p>
% endif
% if ways:
<nav class="ways" aria-label="Directory">
  % for name, address in ways:
    % if address:
  <a href="${address}">${name}</a>\
    % else:
<span aria-current="location">${name}</span>
    % endif
  % endfor
</nav>
% endif
% if slice is None:
  % if not wanted:
<p>${binary} has no directory ${path} in ${release}. <a href="${all_of_them}">All files</a></p>
  % endif
% else:
${branch(entries)}
${parts.pager(slice)}
% endif
% if total > listed:
<p>The first ${listed} of ${total} are known here.</p>
% endif
% endif

## The entries of a directory, and those below them.
<%def name="branch(entries)">
<ul class="tree">
  % for entry in entries:
    % if entry.entries:
  <li><details\
      % if entry.is_open:
 open\
      % endif
><summary>${entry.name} ${mark(entry)}</summary>
    ${branch(entry.entries)}
  </details></li>
    % elif entry.is_folder and entry.entries is None:
  <li><a href="${entry.address}">${entry.name}</a> ${mark(entry)}</li>
    % else:
  <li>${entry.name} ${mark(entry)}</li>
    % endif
  % endfor
</ul>
</%def>

## What an entry is, where it is no ordinary file.
<%def name="mark(entry)">\
% if entry.kind == "ghost":
<span class="mark ghost">ghost</span>\
% endif
% if entry.is_folder:
<span class="count">${entry.total or "empty"}</span>\
% endif
</%def>
