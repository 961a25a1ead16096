<?php
# A maintenance script of the test wiki: writes a page's structured data as one edit of its `mediainfo` slot.
# Usage: php run.php set_mediainfo.php --title "File:A.jpg" --json '{"labels":{}}'
use MediaWiki\MediaWikiServices;

require_once getenv( 'MW_PROGRAM' ) . '/maintenance/Maintenance.php';

class SetMediainfo extends Maintenance {
	public function __construct() {
		parent::__construct();
		$this->addOption( 'title', 'the page', true, true );
		$this->addOption( 'json', 'its structured data', true, true );
	}

	public function execute() {
		$services = MediaWikiServices::getInstance();
		$title = $services->getTitleFactory()->newFromText( $this->getOption( 'title' ) );
		$user = User::newSystemUser( 'Maintenance script', [ 'steal' => true ] );
		$updater = $services->getWikiPageFactory()->newFromTitle( $title )->newPageUpdater( $user );
		$updater->setContent( 'mediainfo', new JsonContent( $this->getOption( 'json' ) ) );
		$updater->saveRevision( CommentStoreComment::newUnsavedComment( 'structured data' ) );
		if ( !$updater->wasSuccessful() ) {
			$this->fatalError( 'not saved: ' . $updater->getStatus()->getWikiText() );
		}
		$this->output( (string)$updater->getNewRevision()->getId() );
	}
}

$maintClass = SetMediainfo::class;
require_once RUN_MAINTENANCE_IF_MAIN;
