## The files of a binary package.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% if not files["found"]:
<p>${release} has no binary package ${binary}. Choose another release or package.</p>
% elif not listed:
<p>${binary} contains no files in ${release} (${files["repository"]}).</p>
% else:
<p>${files["total"]} ${"files and directories" if files["total"] != 1 else "file or directory"} of ${binary} in ${release} (${files["repository"]}).\
% if panel.context.is_stand_in:
 The source package ${package.name} has no binary package of its own name; this is one of the others.\
% endif
</p>
<form class="filter" method="get"
% if panel.context.path:
  action="${panel.context.path}"
% endif
>
  <label for="filter">Paths that contain</label>
  <input type="search" id="filter" name="filter" maxlength="${max_length}" value="${text}" autocomplete="off" spellcheck="false">
  % for name, value in kept:
  <input type="hidden" name="${name}" value="${value}">
  % endfor
  <button type="submit">Filter</button>
</form>
% if text:
<p>${matches} of ${listed} paths contain “${text}”. <a href="${unfiltered_url}">All files</a></p>
% endif
% if breadcrumbs:
<nav class="ways" aria-label="Directory">
  % for name, url in breadcrumbs:
    % if url:
  <a href="${url}">${name}</a>\
    % else:
<span aria-current="location">${name}</span>
    % endif
  % endfor
</nav>
% endif
% if pagination is None:
  % if not text:
<p>${binary} has no directory ${path} in ${release}. <a href="${unfiltered_url}">All files</a></p>
  % endif
% else:
${branch(entries)}
${parts.pager(pagination)}
% endif
% if files["total"] > listed:
<p>Showing the first ${listed} of ${files["total"]} files.</p>
% endif
% endif

## The entries of a directory with the unfolded entries below them.
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
    % elif entry.url and entry.entries is None:
  <li><a href="${entry.url}">${entry.name}</a> ${mark(entry)}</li>
    % else:
  <li>${entry.name} ${mark(entry)}</li>
    % endif
  % endfor
</ul>
</%def>

## The kind of an entry that is not an ordinary file.
<%def name="mark(entry)">\
% if entry.kind == "ghost":
<span class="mark ghost">ghost</span>\
% endif
% if entry.url:
<span class="count">${entry.total or "empty"}</span>\
% endif
</%def>
