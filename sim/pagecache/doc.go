// Package pagecache is a page cache of the kind that Linux has: which pages of
// which files are in memory, which of them were changed and are not on the disk
// yet, and which leave when memory is short. It knows no time and no disk: it is
// told, and answers.
//
// Pages are indexes in a file, ranges are [from, to). A page below 0 or from
// MaxPages on is never in memory.
//
// # What is kept
//
// Each file has a bitmap of the pages in memory, in pieces of 128 MiB of the
// file that are made when the first page of the piece comes. A cache with a
// capacity keeps besides, for each page, a node on one of two lists; memory then
// grows with the pages that are there, however far apart they lie.
//
// # Who leaves
//
// The rules are those of Linux 6.x without the multi-generational LRU:
//
//   - A new page begins at the head of the inactive list, unused (folio_add_lru,
//     mm/swap.c). Whoever reads it in uses it then: that is the first use.
//   - A page that is used twice there moves to the head of the active list
//     (folio_mark_accessed, mm/swap.c).
//   - Pages leave from the tail of the inactive list if they are clean, used or
//     not. One that was reached through a page table since reclaim last looked is
//     spared: it becomes active if it was used before as well, else it goes back
//     to the list's head and counts as used (folio_check_references,
//     mm/vmscan.c). A dirty one goes back to the list's head: reclaim does not
//     write files itself (shrink_folio_list, mm/vmscan.c; Linux puts it on the
//     active list until its write-back ends).
//   - The inactive list is low when inactive × ratio < active, where ratio is
//     the whole root of 10 × the two lists' size in GiB, and 1 below 1 GiB
//     (inactive_is_low, mm/vmscan.c). Then 32 pages (SWAP_CLUSTER_MAX,
//     include/linux/swap.h) move from the active list's tail to the inactive
//     list's head (shrink_active_list, mm/vmscan.c).
//   - For each page that needs room, at most 32 pages of the tail are looked at,
//     besides those that are spared. If all of them are dirty, the cache is over
//     its capacity until they are written back.
//
// Not modelled: the recognition of pages that come back soon after they left
// (mm/workingset.c); that two page tables map a page (here they have one accessed
// bit together; Linux makes such a page active at once); nodes, memory cgroups;
// and folios of many pages, which are used, and leave, as one.
package pagecache
